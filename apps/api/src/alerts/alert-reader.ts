import type { Position, TenantId } from '@cairn/event-sourcing';
import { type AlertFilter, isAskedFor, type RecordedAlert } from '@cairn/signals';
import type { AlertTail, Waiting } from './alert-tail.js';
import type { AlertSource } from './stored-alerts.js';

/** What somebody follows. */
export interface Followed {
  readonly trial: string;
  readonly filter: AlertFilter;
  /** From what comes after it. */
  readonly after: Position;
}

/** Alerts that a reader who is behind takes from the log at a time. */
const PAGE = 16;

/**
 * One reader's way along a log: everything that it asked for, once each and in order, however fast it asks. All that is kept
 * for it between two questions is where it is, or a page while it is behind.
 */
export class AlertReader implements Waiting {
  private at: Position;
  /** What was read from the log and not asked for yet, the next one last. */
  private page: RecordedAlert[] = [];
  private waking: (() => void) | undefined;
  private closed = false;

  constructor(
    private readonly tenant: TenantId,
    private readonly followed: Followed,
    private readonly source: AlertSource,
    private readonly tail: AlertTail,
    /** Waited for before each page of the log: who is far behind must not keep those waiting who are not. */
    private readonly turn: () => Promise<void>,
    private readonly onClose: (reader: AlertReader) => void,
  ) {
    this.at = followed.after;
  }

  /**
   * The next alert, when there is one. Not to be called again before that.
   * @returns undefined when it was closed
   * @throws the source's error; asked again, it goes on where it was
   */
  async next(): Promise<RecordedAlert | undefined> {
    while (!this.closed) {
      const found = this.page.pop() ?? this.inTail();
      if (found) {
        this.at = found.position;
        return found;
      }
      if (this.at < this.tail.floor) await this.readLog();
      else await this.wait();
    }
    return undefined;
  }

  wants({ alert }: RecordedAlert): boolean {
    return alert.data.trial === this.followed.trial && isAskedFor(alert, this.followed.filter);
  }

  wake(): void {
    this.waking?.();
  }

  passedBy(position: Position): void {
    this.at = position;
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    this.tail.leave(this);
    this.wake();
    this.onClose(this);
  }

  private inTail(): RecordedAlert | undefined {
    if (this.at < this.tail.floor) return undefined;
    return this.tail.after(this.at, (alert) => this.wants(alert));
  }

  private async readLog(): Promise<void> {
    await this.turn();
    if (this.closed) return;
    // What the tail has come to is on record before the log is read, so that a page that is not full has all of it.
    const { through } = this.tail;
    const range = { after: this.at, limit: PAGE, trial: this.followed.trial };
    const read = await this.source.read(this.tenant, range);
    this.page = read.filter((alert) => this.wants(alert)).reverse();
    if (this.page.length > 0) return;
    const reached = read.length < PAGE ? through : read.at(-1)!.position;
    if (reached > this.at) this.at = reached;
  }

  private async wait(): Promise<void> {
    if (this.tail.through > this.at) this.at = this.tail.through;
    await new Promise<void>((resolve) => {
      this.waking = resolve;
      this.tail.wait(this);
    });
    this.waking = undefined;
  }
}
