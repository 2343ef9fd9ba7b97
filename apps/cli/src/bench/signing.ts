import { setTimeout as wait } from 'node:timers/promises';
import type { TenantId } from '@cairn/event-sourcing';
import { Database, PostgresEventStore, ProofStore } from '@cairn/platform';

/** How long the notary may take to come to the end of a log. */
const CAUGHT_UP_WITHIN_MS = 600_000;

/** What is signed of the logs of a database. */
export function openSigning(url: string) {
  const role = 'cairn_projector' as const;
  const store = new PostgresEventStore({ url, role, applicationName: 'cairn bench proofs' });
  const database = new Database({ url, role, applicationName: 'cairn bench proofs' });
  const proofs = new ProofStore(database);
  return {
    store,
    proofs,
    /** Waits until the notary has come to the end of a tenant's log. */
    async caughtUp(tenant: TenantId): Promise<void> {
      const deadline = performance.now() + CAUGHT_UP_WITHIN_MS;
      while ((await proofs.notary(tenant)).position < (await store.head(tenant))) {
        if (performance.now() > deadline) throw new Error('the notary does not come to the end of the log');
        await wait(20);
      }
    },
    close: async () => {
      await database.close();
      await store.close();
    },
  };
}
