import type { Position, TenantId } from '@cairn/event-sourcing';
import type { RecordedAlert } from '@cairn/signals';
import type { AlertSource } from './stored-alerts.js';

/** Whoever waits for alerts at the end of a log. */
export interface Waiting {
  wants(alert: RecordedAlert): boolean;
  /** There is something that it wants. */
  wake(): void;
  /** There is nothing for it up to here. */
  passedBy(position: Position): void;
}

/** Alerts that are read from the log at a time. */
const PAGE = 500;
/** Alerts of a tenant that are kept in memory at the most; half of them are forgotten when there are more. */
const KEPT = 1_024;
/** Readers that are woken at one turn of their tenant. */
const AT_A_TURN = 64;

/**
 * The end of one tenant's log, read once for all who follow it. The last alerts are kept, and readers keep nothing but how
 * far they are: one who is far behind is behind what is kept here, and reads for itself.
 */
export class AlertTail {
  /** In the order of the log. */
  private recent: RecordedAlert[] = [];
  private readonly waiting = new Set<Waiting>();
  private reading: Promise<void> | undefined;
  private again = false;

  private constructor(
    private readonly tenant: TenantId,
    private readonly source: AlertSource,
    /** Waited for before a group of readers goes on. */
    private readonly turn: () => Promise<void>,
    private readonly kept: number,
    private floorAt: Position,
    private throughAt: Position,
  ) {}

  /** A tail that begins at the end of the log as it is now. */
  static async begin(
    tenant: TenantId,
    source: AlertSource,
    turn: () => Promise<void>,
    kept = KEPT,
  ): Promise<AlertTail> {
    const head = await source.head(tenant);
    return new AlertTail(tenant, source, turn, kept, head, head);
  }

  /** Every alert after this position, up to `through`, is here. */
  get floor(): Position {
    return this.floorAt;
  }

  get through(): Position {
    return this.throughAt;
  }

  /** The first alert after a position that is wanted. @param position at the floor or above */
  after(position: Position, wants: (alert: RecordedAlert) => boolean): RecordedAlert | undefined {
    let [low, high] = [0, this.recent.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.recent[middle]!.position > position) high = middle;
      else low = middle + 1;
    }
    for (; low < this.recent.length; low++) if (wants(this.recent[low]!)) return this.recent[low];
    return undefined;
  }

  /** Called when there is something for the reader, or nothing up to some position. */
  wait(reader: Waiting): void {
    this.waiting.add(reader);
  }

  leave(reader: Waiting): void {
    this.waiting.delete(reader);
  }

  /** The log may have grown. @throws the source's error; what was not read is read at the next call */
  grown(): Promise<void> {
    this.again = true;
    return (this.reading ??= this.readOn().finally(() => (this.reading = undefined)));
  }

  private async readOn(): Promise<void> {
    while (this.again) {
      this.again = false;
      const page = await this.source.read(this.tenant, { after: this.throughAt, limit: PAGE });
      if (page.length === 0) continue;
      this.recent.push(...page);
      this.throughAt = page.at(-1)!.position;
      if (page.length === PAGE) this.again = true;
      // Before anything is forgotten: who waits has read everything, and does not fall behind by it.
      await this.tell(page);
      this.forget();
    }
  }

  private async tell(page: readonly RecordedAlert[]): Promise<void> {
    const { throughAt } = this;
    const woken: Waiting[] = [];
    for (const reader of this.waiting) {
      if (page.some((alert) => reader.wants(alert))) woken.push(reader);
      else reader.passedBy(throughAt);
    }
    for (const reader of woken) this.waiting.delete(reader);
    for (let at = 0; at < woken.length; at += AT_A_TURN) {
      await this.turn();
      for (const reader of woken.slice(at, at + AT_A_TURN)) reader.wake();
    }
  }

  private forget(): void {
    if (this.recent.length <= this.kept) return;
    const from = this.recent.length - (this.kept >> 1);
    this.floorAt = this.recent[from - 1]!.position;
    this.recent = this.recent.slice(from);
  }
}
