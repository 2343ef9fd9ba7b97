import type pg from 'pg';

const pools = new Set<WeakRef<pg.Pool>>();

/** Notes a pool of this process, so that it can be told how far its connections are used. */
export function notePool(pool: pg.Pool): void {
  pools.add(new WeakRef(pool));
}

/** How far a pool is used. */
export interface PoolUse {
  /** The name of its connections, as the database shows it. */
  readonly pool: string;
  readonly busy: number;
  readonly idle: number;
  /** Calls that wait for a connection. */
  readonly waiting: number;
}

/** The use of every pool that is open; those of one name are added up. */
export function poolUses(): readonly PoolUse[] {
  const uses = new Map<string, PoolUse>();
  for (const reference of pools) {
    const pool = reference.deref();
    if (!pool || pool.ended) {
      pools.delete(reference);
      continue;
    }
    const name = pool.options.application_name ?? '';
    const { busy, idle, waiting } = uses.get(name) ?? { busy: 0, idle: 0, waiting: 0 };
    uses.set(name, {
      pool: name,
      busy: busy + pool.totalCount - pool.idleCount,
      idle: idle + pool.idleCount,
      waiting: waiting + pool.waitingCount,
    });
  }
  return [...uses.values()];
}
