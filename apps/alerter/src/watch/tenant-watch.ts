import {
  type Append,
  type EventCatalogue,
  type EventStore,
  type Fact,
  formatInstant,
  type Instant,
  type Position,
  recordedEvents,
  type RecordedEvent,
  type TenantId,
  uuidV5,
} from '@cairn/event-sourcing';
import type { Lease } from '@cairn/platform/leases';
import type { SignalChange } from '@cairn/monitoring';
import {
  audienceOf,
  noSignal,
  type SignalEvent,
  signalDecider,
  signalId,
  signalStream,
  type WatchCommand,
} from '@cairn/signals';
import type { RecentTrials } from './recent-trials.js';
import { DUE_PAGE, type TrialTimers, type WatchStore } from './watch-store.js';
import { isWatched, type WatchedEvent, type WatchedTrial } from './watched-trial.js';

/** Who appends what the watch finds; no person's id has this form. */
export const WATCH_ACTOR = '@alerter';

/** Events that are read at once. */
const PAGE = 1_000;
/** Events that are taken in before what holds is worked out, at least: of a long backlog as many again as are known. */
const TURN = 20_000;
/** Appends that are under way at once. */
const APPENDS = 500;
/** Each look but the last one has found something that the one before has not; other writers can make it some more. */
const LOOKS = 20;

export interface TenantWatchTools {
  readonly store: Pick<EventStore, 'readLog' | 'readStream' | 'append'>;
  readonly watch: WatchStore;
  readonly catalogue: EventCatalogue;
  readonly trials: RecentTrials;
  readonly now: () => Instant;
  /** Under which it appends and keeps where it is; without one it is the only watch. */
  readonly lease?: Lease;
}

/** What one turn did. */
export interface WatchTurn {
  readonly events: number;
  readonly position: Position;
  readonly raised: number;
  readonly changed: number;
  /** Timers that had run out. */
  readonly timers: number;
  /** There may be more to do at once. */
  readonly more: boolean;
  readonly nextDue: Instant | undefined;
  /** It met an event that it cannot read: nothing of this tenant is looked at until other code runs. */
  readonly halted: { readonly position: Position; readonly reason: string } | undefined;
}

/** Another watch went on meanwhile. */
class Overtaken extends Error {
  override readonly name = 'Overtaken';
  /** @param position up to where the trials in memory are */
  constructor(readonly position: Position) {
    super('another watch went on meanwhile');
  }
}

/**
 * Watches one tenant: takes in what was recorded, works out what it touches, appends what is due of signals, and keeps how far
 * it is with the timers of what it looked at. Whatever stops it in between, what was appended is found to be there the next
 * time: the same change of a signal has the same command id, and the stream the revision at which it was made.
 */
export class TenantWatch {
  /** Up to where the trials in memory are; undefined when that has to be looked up. */
  private position: Position | undefined;

  constructor(
    private readonly tenant: TenantId,
    private readonly tools: TenantWatchTools,
  ) {}

  /** Takes in what there is, up to the end of the log or a large number of events, and does what is due. */
  async turn(): Promise<WatchTurn> {
    try {
      return await this.advance();
    } catch (error) {
      this.forget();
      if (!(error instanceof Overtaken)) throw error;
      return { ...NOTHING, position: error.position, more: true };
    }
  }

  /** The next turn begins with what the database has. */
  forget(): void {
    this.position = undefined;
    this.tools.trials.forget(this.tenant);
  }

  private async advance(): Promise<WatchTurn> {
    const { watch } = this.tools;
    const before = await watch.position(this.tenant);
    await this.follow(before);
    const touched = new Map<string, WatchedTrial>();
    const { last, events, halted, more } = await this.takeIn(before, touched);

    const now = this.tools.now();
    const due = await watch.due(this.tenant, now);
    for (const { trial: id, unit } of due) {
      const trial = await this.trial(id, last);
      trial.touch(unit);
      touched.set(id, trial);
    }

    const timers: TrialTimers[] = [];
    let [raised, changed] = [0, 0];
    for (const trial of touched.values()) {
      const looked = await this.look(trial, now);
      timers.push({ trial: trial.id, due: looked.due, lookedAt: looked.lookedAt });
      raised += looked.raised;
      changed += looked.changed;
    }
    if (last !== before || timers.length > 0) {
      if (!(await watch.keep(this.tenant, { before, last }, timers, this.tools.lease))) throw new Overtaken(last);
    }
    this.position = last;
    if (halted) await watch.halt(this.tenant, halted.position, halted.reason, this.tools.lease);

    const nextDue = await watch.nextDue(this.tenant);
    return {
      events,
      position: last,
      raised,
      changed,
      timers: due.length,
      more: halted === undefined && (more || due.length === DUE_PAGE),
      nextDue,
      halted,
    };
  }

  /** Another watch may have looked at what was recorded meanwhile: it is added to the trials in memory, and touches nothing. */
  private async follow(kept: Position): Promise<void> {
    if (this.position !== undefined && this.position > kept) this.forget();
    this.position ??= kept;
    const trials = new Map(this.tools.trials.of(this.tenant).map((trial) => [trial.id, trial]));
    while (this.position < kept) {
      const page = await this.tools.store.readLog(this.tenant, { from: this.position, limit: PAGE });
      for (const event of page.filter(({ position }) => position <= kept)) {
        const fact = this.read(event);
        if (fact) trials.get(fact.data.trial)?.add(fact, false);
        this.position = event.position;
      }
    }
    for (const trial of trials.values()) trial.forgetTouched();
  }

  /** Adds what was recorded after a position to the trials that it is of. */
  private async takeIn(before: Position, touched: Map<string, WatchedTrial>) {
    let [last, events] = [before, 0];
    const limit = Math.max(TURN, this.tools.trials.events(this.tenant));
    for (;;) {
      const page = await this.tools.store.readLog(this.tenant, { from: last, limit: PAGE });
      for (const event of page) {
        let fact: Fact<WatchedEvent> | undefined;
        try {
          fact = this.read(event);
        } catch (error) {
          const halted = { position: event.position, reason: error instanceof Error ? error.message : String(error) };
          return { last, events, halted, more: false };
        }
        if (fact) {
          const id = fact.data.trial;
          const trial = await this.trial(id, last);
          trial.add(fact);
          touched.set(id, trial);
        }
        last = event.position;
        events++;
      }
      if (page.length < PAGE || events >= limit) return { last, events, halted: undefined, more: page.length === PAGE };
    }
  }

  /** @throws what says why an event cannot be read, also of one that the watch does not need: nobody knows that */
  private read(event: RecordedEvent): Fact<WatchedEvent> | undefined {
    const fact = this.tools.catalogue.decode(event);
    return isWatched(fact.type) ? (fact as Fact<WatchedEvent>) : undefined;
  }

  /** A trial with everything that was recorded of it up to a position. */
  private async trial(id: string, upTo: Position): Promise<WatchedTrial> {
    return this.tools.trials.get(this.tenant, id, async (trial) => {
      if (upTo === 0n) return;
      for (const event of await this.tools.watch.trialEvents(this.tenant, id, upTo)) {
        const fact = this.read(event);
        if (fact) trial.add(fact, false);
      }
      trial.forgetTouched();
    });
  }

  /** Appends what is due of a trial's signals until nothing is. */
  private async look(trial: WatchedTrial, now: Instant) {
    const touched = trial.takeTouched();
    if (!trial.isRegistered) return { due: new Map(), lookedAt: [], raised: 0, changed: 0 } as const;
    const held = trial.episodes(touched);
    let [raised, changed] = [0, 0];
    for (let look = 0; look < LOOKS; look++) {
      const { changes, due, lookedAt } = trial.find(held, now);
      if (changes.length === 0) {
        trial.forgetTouched();
        return { due, lookedAt, raised, changed };
      }
      for (let from = 0; from < changes.length; from += APPENDS) {
        // They are queued in this order, and stored in it.
        const some = changes.slice(from, from + APPENDS);
        await Promise.all(some.map((change) => this.make(trial, change, now)));
      }
      raised += changes.filter(({ kind }) => kind === 'raise').length;
      changed += changes.length;
    }
    throw new Error(`signals of ${trial.id} kept changing`);
  }

  /** Makes one change of a signal, and takes in what its stream has then. */
  private async make(trial: WatchedTrial, change: SignalChange, now: Instant): Promise<void> {
    const [signal, command] = commandOf(trial.id, change);
    const known = trial.signals.get(signal);
    const decision = signalDecider.decide(command, known?.state ?? noSignal, { now });
    const stream = signalStream(trial.id, signal);
    if (decision.kind === 'refused' || decision.events.length === 0) return this.takeInStream(trial, stream);
    const ordinal = (known?.revision ?? -1) + 1;
    const causationId = trial.ledTo(change);
    const fence = this.tools.lease?.fence;
    const append: Append = {
      stream,
      expected: known?.revision ?? 'none',
      commandId: uuidV5(JSON.stringify(['watch', this.tenant, trial.id, signal, change.kind, ordinal])),
      events: decision.events.map((event) => this.tools.catalogue.encode(event)),
      actor: WATCH_ACTOR,
      ...(causationId !== undefined && { causationId }),
      ...(fence && { fence }),
    };
    const outcome = await this.tools.store.append(this.tenant, append);
    // Whoever was faster, this watch before it was stopped among them: what is there counts.
    if (outcome.kind !== 'appended') return this.takeInStream(trial, stream);
    for (const event of recordedEvents(this.tenant, append, outcome)) {
      trial.signals.add(this.tools.catalogue.decode(event) as Fact<SignalEvent>);
    }
  }

  private async takeInStream(trial: WatchedTrial, stream: string): Promise<void> {
    for (const event of await this.tools.store.readStream(this.tenant, stream)) {
      trial.signals.add(this.tools.catalogue.decode(event) as Fact<SignalEvent>);
    }
  }
}

const NOTHING = { events: 0, raised: 0, changed: 0, timers: 0, nextDue: undefined, halted: undefined } as const;

function commandOf(trial: string, change: SignalChange): readonly [signal: string, command: WatchCommand] {
  switch (change.kind) {
    case 'raise': {
      const { rule, episode, over, at } = change;
      const { definition, version } = rule;
      const { subject, site, cause, until, numbers, events } = episode;
      const signal = signalId(trial, definition.rule, subject, cause);
      const raising = {
        trial,
        signal,
        site,
        ...(subject.kind === 'participant' && { participant: subject.id }),
        rule: definition.rule,
        subject: { kind: subject.kind, id: subject.id },
        severity: definition.severity,
        audience: audienceOf(definition.condition),
        ruleVersion: version,
        cause,
        ...(over !== undefined && { until: formatInstant(until!) }),
        numbers,
        events: [...events],
      };
      return [signal, { type: 'raiseSignal', raising, from: at, over }];
    }
    case 'clear':
      return [change.signal, { type: 'clearSignal', why: change.why, at: change.at }];
    case 'return':
      return [change.signal, { type: 'returnSignal', at: change.at }];
    case 'wake':
      return [change.signal, { type: 'wakeSignal' }];
    case 'escalate':
      return [change.signal, { type: 'escalateUnattended', to: change.to, at: change.at }];
    default:
      return change satisfies never;
  }
}
