import { setTimeout as pause } from 'node:timers/promises';
import type { RecordedEvent, TenantId } from '@cairn/event-sourcing';
import type { KurrentLog } from '../kurrent/kurrent-log.js';
import { alone, type Lease, LeaseLost, type TenantLeases } from '../leases/lease.js';
import { halves, wholeCommands } from './command-pages.js';
import { beginCopy, CopyRefused } from './copy-source.js';
import { type CopyState, type LogCopy, Uncopyable } from './log-copy.js';

/** What happens is told to whoever keeps metrics and the log. */
export interface CopyistObserver {
  copied?(events: number, late: number, milliseconds: number): void;
  /** Nothing more is copied before this is mended: an event that cannot be copied, or a database of something else. */
  halted?(reason: string): void;
  /** It goes on. */
  resumed?(): void;
  /** Something failed, and is tried again. */
  failed?(error: unknown): void;
}

export interface CopyistOptions {
  readonly kurrent: Pick<KurrentLog, 'readAll' | 'onAppended'>;
  readonly copy: LogCopy;
  /** Told of a log that has grown here. */
  readonly grown: (tenant: TenantId) => void;
  /** Of the tenant '', which stands for what there is once: one process copies. Default: this one. */
  readonly leases?: TenantLeases;
  readonly observer?: CopyistObserver;
  /** Events of a page at the most, more than an append can have; default 2,000. */
  readonly pageSize?: number;
  /** After what time an event that could not be copied is tried again, default 5,000 milliseconds. */
  readonly afterHaltMs?: number;
}

const PAGE_SIZE = 2_000;
/** Without a call, the store is looked at so often; and so often it is said that nothing is missing. */
const LOOK_EVERY_MS = 1_000;
/** By so much clocks of the stores may differ, and an event turn up after it got its time. */
const TOLERANCE_MS = 2_000;
const AFTER_FAILURE_MS = [50, 200, 1_000];
const AFTER_HALT_MS = 5_000;

/**
 * Copies what KurrentDB holds into PostgreSQL, in its order, page by page, for ever. Whatever it is interrupted by, and
 * however many there are: a page and how far the copy is are one transaction, in which only one who knows how far it is gets
 * through. An event that cannot be copied is never passed over; nothing after it is copied before it can be.
 */
export class Copyist {
  private readonly stopping = new AbortController();
  private readonly leases: TenantLeases;
  private readonly pageSize: number;
  private ring: () => void = () => undefined;
  private isRung = false;
  private endings: (() => void)[] = [];
  private work: Promise<void> = Promise.resolve();
  private haltedFor: string | undefined;
  private saidAt = -Infinity;

  constructor(private readonly options: CopyistOptions) {
    this.leases = options.leases ?? alone;
    this.pageSize = options.pageSize ?? PAGE_SIZE;
  }

  /** Why nothing is copied at present; undefined: as far as this process knows, it goes on. */
  get halted(): string | undefined {
    return this.haltedFor;
  }

  start(): void {
    this.endings = [this.options.kurrent.onAppended(() => this.call()), this.leases.onTaken(() => this.call())];
    this.work = this.forEver();
  }

  /** Ends after the page under way. */
  async stop(): Promise<void> {
    this.stopping.abort();
    for (const end of this.endings) end();
    this.ring();
    await this.work;
  }

  /**
   * Copies until nothing is left, and ends.
   * @returns how many events were not here before
   * @throws Uncopyable, CopyRefused, EventStoreUnavailable
   */
  async toEnd(copied: (events: number) => void = () => undefined): Promise<number> {
    const lease = this.leases.of('');
    if (!lease) throw new LeaseLost('another process copies');
    let added = 0;
    let state: CopyState | undefined = await beginCopy(this.options.kurrent, this.options.copy);
    while (!this.stopping.signal.aborted) {
      const page = await this.readPage(state);
      if (page.length === 0) break;
      const done = await this.copyPage(state, page, undefined, lease);
      added += done?.added ?? 0;
      copied(page.length);
      state = done?.state ?? (await beginCopy(this.options.kurrent, this.options.copy));
    }
    return added;
  }

  private async forEver(): Promise<void> {
    for (let failures = 0; !this.stopping.signal.aborted;) {
      const lease = this.leases.of('');
      if (!lease) {
        this.isRung = false;
        await this.called(LOOK_EVERY_MS);
        continue;
      }
      const wake = (): void => this.call();
      lease.signal.addEventListener('abort', wake);
      try {
        await lease.during(() => this.follow(lease, () => (failures = 0)));
      } catch (error) {
        if (this.stopping.signal.aborted) return;
        if (error instanceof Uncopyable || error instanceof CopyRefused) {
          this.halt(error.message);
          await this.rest(this.options.afterHaltMs ?? AFTER_HALT_MS);
        } else if (!(error instanceof LeaseLost)) {
          this.options.observer?.failed?.(error);
          await this.rest(AFTER_FAILURE_MS[Math.min(failures++, AFTER_FAILURE_MS.length - 1)]!);
        }
      } finally {
        lease.signal.removeEventListener('abort', wake);
      }
    }
  }

  /** Copies while the lease is held, or until somebody else has copied. */
  private async follow(lease: Lease, worked: () => void): Promise<void> {
    let state: CopyState | undefined = await beginCopy(this.options.kurrent, this.options.copy);
    while (state && !lease.signal.aborted && !this.stopping.signal.aborted) {
      this.isRung = false;
      // What is recorded while the page is read may be missing from it.
      const through = this.isDue() ? (await this.options.copy.now()) - TOLERANCE_MS : undefined;
      const page = await this.readPage(state);
      const isAll = page.length < this.pageSize;
      if (page.length > 0 || (isAll && through !== undefined)) {
        state = await this.copyAndTell(state, page, isAll ? through : undefined, lease);
        worked();
        if (state && isAll && through !== undefined) this.saidAt = performance.now();
      }
      if (page.length === 0) await this.called(LOOK_EVERY_MS);
    }
  }

  private async copyAndTell(
    state: CopyState,
    page: readonly RecordedEvent[],
    through: number | undefined,
    lease: Lease,
  ): Promise<CopyState | undefined> {
    const began = performance.now();
    const done = await this.copyPage(state, page, through, lease);
    if (!done) return undefined;
    if (page.length > 0) {
      this.options.observer?.copied?.(done.added, done.late, performance.now() - began);
      this.resume();
    }
    return done.state;
  }

  /** As much of it as can be copied, before it is said what cannot be. */
  private async copyPage(
    state: CopyState,
    page: readonly RecordedEvent[],
    through: number | undefined,
    lease: Lease,
  ): Promise<{ readonly added: number; readonly late: number; readonly state: CopyState } | undefined> {
    try {
      const done = await this.options.copy.copy(state, page, through, lease);
      if (done) for (const tenant of new Set(page.map((event) => event.tenant))) this.options.grown(tenant);
      return done;
    } catch (error) {
      if (!(error instanceof Uncopyable)) throw error;
      const parts = halves(page);
      if (!parts) {
        const { tenant, stream, revision, id, position } = page[0]!;
        const reason = `${error.message} (event ${id} of ${tenant}, ${stream} ${revision}, at ${position} in KurrentDB)`;
        await this.options.copy.halt(state, reason);
        throw new Uncopyable(reason, { cause: error });
      }
      const first = await this.copyPage(state, parts[0], undefined, lease);
      const second = first && (await this.copyPage(first.state, parts[1], through, lease));
      return second && { added: first.added + second.added, late: first.late + second.late, state: second.state };
    }
  }

  private async readPage({ position }: CopyState): Promise<readonly RecordedEvent[]> {
    const page = await this.options.kurrent.readAll({ after: position, limit: this.pageSize });
    return wholeCommands(page, this.pageSize);
  }

  private isDue(): boolean {
    return performance.now() - this.saidAt >= LOOK_EVERY_MS;
  }

  private halt(reason: string): void {
    if (this.haltedFor === reason) return;
    this.haltedFor = reason;
    this.options.observer?.halted?.(reason);
  }

  private resume(): void {
    if (this.haltedFor === undefined) return;
    this.haltedFor = undefined;
    this.options.observer?.resumed?.();
  }

  private call(): void {
    this.isRung = true;
    this.ring();
  }

  /** At the next call, or after a while. */
  private async called(milliseconds: number): Promise<void> {
    if (this.isRung || this.stopping.signal.aborted) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, milliseconds);
      this.ring = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.ring = () => undefined;
  }

  private async rest(milliseconds: number): Promise<void> {
    await pause(milliseconds, undefined, { signal: this.stopping.signal }).catch(() => undefined);
  }
}
