import type { Position, TenantId } from '@cairn/event-sourcing';
import { type AlertFilter, isAskedFor, type RecordedAlert } from '@cairn/signals';
import type { AlertTail, Waiting } from './alert-tail.js';
import type { CatchingUp } from './catching-up.js';
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
/** Alerts that it is handed at a turn, as long as there are more: each may cost much, and others wait meanwhile. */
const AT_A_TURN = 4;

/**
 * One reader's way along a log: everything that it asked for, once each and in order, however fast it asks. All that is kept
 * for it between two questions is where it is, or a page while it is behind.
 */
export class AlertReader implements Waiting {
  private at: Position;
  /** What was read from the log and not asked for yet, the next one last. */
  private page: RecordedAlert[] = [];
  /** Alerts that it may be handed before it waits for another turn. */
  private left = 0;
  private waking: (() => void) | undefined;
  private closed = false;

  constructor(
    private readonly tenant: TenantId,
    private readonly followed: Followed,
    private readonly source: AlertSource,
    private readonly tail: AlertTail,
    private readonly catchingUp: CatchingUp,
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
      const found = this.page.at(-1) ?? this.inTail();
      if (!found) await (this.at < this.tail.floor ? this.readLog() : this.wait());
      // The tail may have forgotten it when the turn comes, so it is looked for again.
      else if (this.left === 0) await this.untilTurn();
      else {
        this.left--;
        this.page.pop();
        this.at = found.position;
        return found;
      }
    }
    return undefined;
  }

  /** Positions between it and the last alert on record; 0n when it has taken everything. */
  get behind(): bigint {
    const { through } = this.tail;
    return this.at < through ? through - this.at : 0n;
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

  private async untilTurn(): Promise<void> {
    await this.catchingUp.handingOut();
    this.left = AT_A_TURN;
  }

  private readLog(): Promise<void> {
    return this.catchingUp.page(async () => {
      if (!this.closed) await this.readPage();
    });
  }

  private async readPage(): Promise<void> {
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
    // The tail has waited for the turn of those whom it woke.
    this.left = AT_A_TURN;
  }
}
