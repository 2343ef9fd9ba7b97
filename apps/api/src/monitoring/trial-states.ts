import type { Position, TenantId } from '@cairn/event-sourcing';
import type { TrialReading } from './trial-documents.js';
import { TrialState } from './trial-state.js';
import { Watcher } from './watcher.js';

/** What a commit of read-model rows says. */
export interface Projected {
  readonly tenant: TenantId;
  /** Trials whose documents may have changed. */
  readonly scopes: readonly string[] | 'all';
  /** How far all read models of the tenant include its log, where it is known. */
  readonly position: Position | undefined;
}

/** Where trials' documents come from. */
export interface TrialDocumentSource {
  /** The trial's documents: those that changed since an earlier reading, or all of them where it says `whole`. */
  read(tenant: TenantId, trial: string, since?: TrialReading['marks']): Promise<TrialReading>;
  /** Until the tenant's read models include the position. @returns false when they do not in time */
  waitFor(tenant: TenantId, position: Position, milliseconds: number): Promise<boolean>;
}

interface Entry {
  readonly tenant: TenantId;
  readonly trial: string;
  state: TrialState | undefined;
  /** Where the last read came to, for the next one to go on from. */
  marks: TrialReading['marks'] | undefined;
  /** The turn in which it was last heard that documents may have changed: a read that begins later has seen it. */
  staleTurn: number;
  /** When the last finished read began: its turn, and the clock's milliseconds. */
  readTurn: number;
  readAt: number;
  reading: Promise<void> | undefined;
  readonly watchers: Set<Watcher>;
}

/** Commits are heard of within milliseconds; should a notice be lost, the state is looked at again after so long. */
const TRUSTED_FOR_MS = 1_000;
/** How long a reader waits for a position. */
export const WAIT_FOR_POSITION_MS = 5_000;

/**
 * The trials that are being looked at, in memory, each as far as its read models go. What is answered is never older
 * than the last commit that was heard of before the question came.
 */
export class TrialStates {
  /** The least recently used first. */
  private readonly entries = new Map<string, Entry>();
  private turn = 0;

  constructor(
    private readonly source: TrialDocumentSource,
    /** Documents that are kept at the most; watched trials are kept in any case. */
    private readonly maxDocuments: number,
    private readonly clock: () => number = Date.now,
    /** Waited for before a watcher goes on after a commit. */
    private readonly inTurn?: (tenant: TenantId) => Promise<void>,
  ) {}

  /** Subscriptions that are open. */
  get watched(): number {
    let watchers = 0;
    for (const entry of this.entries.values()) watchers += entry.watchers.size;
    return watchers;
  }

  /**
   * The trial as its read models have it now; undefined when they know none.
   * @param minPosition waits until the read models include it
   * @returns 'behind' when they do not in time
   */
  async current(tenant: TenantId, trial: string, minPosition?: Position): Promise<TrialState | undefined | 'behind'> {
    const entry = this.entry(tenant, trial);
    let state = await this.fresh(entry);
    if (minPosition === undefined || (state && state.position >= minPosition)) return state;
    if (!(await this.source.waitFor(tenant, minPosition, WAIT_FOR_POSITION_MS))) return 'behind';
    entry.staleTurn = this.turn++;
    state = await this.fresh(entry);
    return state && state.position < minPosition ? 'behind' : state;
  }

  /** Wakes at every commit that touches the trial, until it is closed. */
  watch(tenant: TenantId, trial: string): Watcher {
    const entry = this.entry(tenant, trial);
    const { inTurn } = this;
    const watcher = new Watcher(
      () => {
        entry.watchers.delete(watcher);
        this.trim();
      },
      inTurn && (() => inTurn(tenant)),
    );
    entry.watchers.add(watcher);
    return watcher;
  }

  /** Takes note of a commit. */
  projected({ tenant, scopes, position }: Projected): void {
    for (const entry of this.entries.values()) {
      if (entry.tenant !== tenant) continue;
      const untouched = scopes !== 'all' && !scopes.includes(entry.trial);
      if (untouched && position !== undefined && entry.state && !isStale(entry) && !entry.reading) {
        entry.state.advance(position);
        entry.readAt = this.clock();
        continue;
      }
      this.invalidate(entry);
    }
  }

  /** Commits may have been missed: everything is looked at again. */
  missed(): void {
    for (const entry of this.entries.values()) this.invalidate(entry);
  }

  private invalidate(entry: Entry): void {
    entry.staleTurn = this.turn++;
    // What is watched is read at once; a read that fails leaves it stale, for the next notice or question.
    if (entry.watchers.size > 0) this.fresh(entry).catch(() => undefined);
  }

  private entry(tenant: TenantId, trial: string): Entry {
    const key = JSON.stringify([tenant, trial]);
    const entry: Entry = this.entries.get(key) ?? {
      tenant,
      trial,
      state: undefined,
      marks: undefined,
      staleTurn: 0,
      readTurn: -1,
      readAt: 0,
      reading: undefined,
      watchers: new Set(),
    };
    this.entries.delete(key);
    this.entries.set(key, entry);
    return entry;
  }

  private async fresh(entry: Entry): Promise<TrialState | undefined> {
    const arrived = this.turn++;
    // A read that began after the question came is new enough, whatever was committed meanwhile.
    while (entry.readTurn <= arrived && (isStale(entry) || this.clock() - entry.readAt > TRUSTED_FOR_MS)) {
      await this.readOnce(entry);
    }
    // What is half as old is looked at meanwhile, so that a trial that is asked for all the time is never waited for. A read
    // that fails leaves the state stale, and whoever asks next is told.
    if (this.clock() - entry.readAt > TRUSTED_FOR_MS / 2) this.readOnce(entry).catch(() => undefined);
    return entry.state;
  }

  private readOnce(entry: Entry): Promise<void> {
    return (entry.reading ??= this.read(entry).finally(() => (entry.reading = undefined)));
  }

  private async read(entry: Entry): Promise<void> {
    const turn = this.turn++;
    const began = this.clock();
    try {
      const before = entry.state?.version;
      const reading = await this.source.read(entry.tenant, entry.trial, entry.state && entry.marks);
      const { trial } = reading;
      if (!reading.whole) entry.state!.take(reading);
      else entry.state = trial && new TrialState({ ...reading, trial });
      entry.marks = reading.marks;
      entry.readTurn = turn;
      entry.readAt = began;
      if (entry.state && (reading.whole || entry.state.version !== before)) {
        for (const watcher of entry.watchers) watcher.wake();
      }
      this.trim();
    } catch (error) {
      entry.staleTurn = this.turn++;
      throw error;
    }
  }

  /** Forgets what has not been asked for longest, until what is left fits. Unknown trials are not kept at all. */
  private trim(): void {
    let documents = 0;
    for (const { state } of this.entries.values()) documents += state?.size ?? 0;
    for (const [key, entry] of this.entries) {
      if (entry.watchers.size > 0 || entry.reading) continue;
      if (entry.state && documents <= this.maxDocuments) continue;
      this.entries.delete(key);
      documents -= entry.state?.size ?? 0;
    }
  }
}

/** Also while the read that will have seen the change is under way: whoever asks then waits for it. */
const isStale = ({ staleTurn, readTurn }: Entry): boolean => staleTurn > readTurn;
