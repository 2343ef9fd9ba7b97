import { LOG_START, type Position, type RecordedEvent, type TenantId } from '@cairn/event-sourcing';
import type { PostgresLog } from '@cairn/platform';
import type { KurrentLog } from '@cairn/platform/kurrent';
import { CopiedTimes } from '@cairn/platform/log-copy';
import { type Difference, LogProof } from './log-proof.js';

/** Events that are read at once. */
const PAGE = 2_000;

/** KurrentDB and PostgreSQL, compared log by log in one pass over all of KurrentDB, as far as that goes. */
export class ComparedStores {
  readonly proofs = new Map<TenantId, LogProof>();
  private readonly times = new CopiedTimes();
  private after: Position = LOG_START;

  /** @param only a single tenant; undefined: all */
  constructor(
    private readonly kurrent: Pick<KurrentLog, 'readAll'>,
    private readonly postgres: Pick<PostgresLog, 'readLog'>,
    private readonly only: TenantId | undefined,
  ) {}

  /**
   * Compares what KurrentDB has had added since.
   * @param compared is told how many events more
   * @returns the first difference, also an event that PostgreSQL does not have
   */
  async advance(compared: (events: number) => void): Promise<Difference | undefined> {
    for (;;) {
      const page = await this.kurrent.readAll({ after: this.after, limit: PAGE });
      if (page.length === 0) return undefined;
      this.after = page.at(-1)!.position;
      for (const [tenant, events] of logsOf(page)) {
        if (this.only !== undefined && tenant !== this.only) continue;
        const difference = await this.compare(tenant, events);
        if (difference) return difference;
        compared(events.length);
      }
    }
  }

  /** How many events of a log are known to be the same in both. */
  same(tenant: TenantId): number {
    return this.proofs.get(tenant)?.size ?? 0;
  }

  private async compare(tenant: TenantId, events: readonly RecordedEvent[]): Promise<Difference | undefined> {
    const proof = this.proofs.get(tenant) ?? new LogProof(tenant);
    this.proofs.set(tenant, proof);
    const here = events.map((event) => ({ ...event, recordedAt: this.times.of(event) }));
    const there = await this.postgres.readLog(tenant, { from: BigInt(proof.size), limit: here.length });
    const difference = proof.add(here, there);
    if (difference || there.length === here.length) return difference;
    const { type, id } = here[there.length]!;
    return { tenant, position: BigInt(proof.size + 1), what: `PostgreSQL does not have ${type} ${id}` };
  }
}

function logsOf(page: readonly RecordedEvent[]): ReadonlyMap<TenantId, readonly RecordedEvent[]> {
  const logs = new Map<TenantId, RecordedEvent[]>();
  for (const event of page) {
    const log = logs.get(event.tenant);
    if (log) log.push(event);
    else logs.set(event.tenant, [event]);
  }
  return logs;
}
