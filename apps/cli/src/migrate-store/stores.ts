import type { TenantId } from '@cairn/event-sourcing';
import type { PostgresLog } from '@cairn/platform';
import type { KurrentLog } from '@cairn/platform/kurrent';
import type { LogCopy } from '@cairn/platform/log-copy';
import type { ComparedStores } from './compared-stores.js';
import type { Difference, LogProof } from './log-proof.js';

/** The two stores of a migration. */
export interface Stores {
  readonly postgres: PostgresLog;
  readonly kurrent: KurrentLog;
  /** The same PostgreSQL as a copy of the KurrentDB, once it is one. */
  readonly copy: LogCopy;
  /** The same PostgreSQL, as its owner may reach it. */
  readonly postgresUrl: string;
}

/** Told how far it is. */
export interface Progress {
  copied(tenant: TenantId, events: number): void;
  compared(events: number): void;
}

/** What was proved of every log that was migrated, by tenant. */
export type Proofs = ReadonlyMap<TenantId, LogProof>;

/** The stores hold different things; the message names the first position. */
export class StoresDiffer extends Error {
  override readonly name = 'StoresDiffer';
  constructor({ tenant, position, what }: Difference) {
    super(`the log of ${tenant} differs from position ${position} on: ${what}`);
  }
}

/** @throws StoresDiffer unless every log is the same in both, and as long */
export async function requireSame(
  { postgres }: Stores,
  compared: ComparedStores,
  tenants: readonly TenantId[],
): Promise<void> {
  for (const tenant of tenants) {
    const [more] = await postgres.readLog(tenant, { from: BigInt(compared.same(tenant)), limit: 1 });
    if (more) {
      const what = `KurrentDB does not have ${more.type} ${more.id}`;
      throw new StoresDiffer({ tenant, position: more.position, what });
    }
  }
}

/** Compares what has not been compared yet. @throws StoresDiffer */
export async function goOn(compared: ComparedStores, progress: Progress): Promise<void> {
  const difference = await compared.advance((events) => progress.compared(events));
  if (difference) throw new StoresDiffer(difference);
}
