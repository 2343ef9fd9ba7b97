import { Database, PostgresEventStore, ProofStore } from '@cairn/platform';
import { readKeyRing } from '@cairn/platform/signing';
import { Notary } from '../../apps/projector/src/notary/notary.js';
import { signingKeysOf } from '../../apps/projector/src/notary/signing-keys.js';

/** A notary at work on a database. */
export interface RunningNotary {
  readonly proofs: ProofStore;
  stop(): Promise<void>;
}

/** @param keyRing its file */
export async function runNotary(databaseUrl: string, keyRing: string): Promise<RunningNotary> {
  const role = 'cairn_projector' as const;
  const store = new PostgresEventStore({ url: databaseUrl, role, applicationName: 'test notary' });
  const database = new Database({ url: databaseUrl, role, applicationName: 'test notary' });
  const proofs = new ProofStore(database);
  const ignore = (): void => undefined;
  const notary = new Notary({
    store,
    proofs,
    keys: async () => signingKeysOf(await readKeyRing(keyRing)),
    observer: { signed: ignore, halted: ignore, resumed: ignore, failed: ignore },
    gatherMs: 20,
    // Whether the log is still what was signed is here for others to find.
    patrolEveryMs: 3_600_000,
  });
  notary.start();
  return {
    proofs,
    stop: async () => {
      await notary.stop();
      await store.close();
      await database.close();
    },
  };
}
