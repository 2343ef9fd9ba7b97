import type { Instant } from '@cairn/event-sourcing';
import { type Condition, SignalRule } from '@cairn/signals/rule';
import fc from 'fast-check';
import { TrialCalendar } from '../trial-setting.js';
import type { Episode } from './episode.js';
import type { RuleInForce } from './rules-in-force.js';
import { type SignalChange, signalChanges, type SignalsFound, type WatchedSignal } from './signal-changes.js';

const DAY = 86_400_000;
const calendar = new TrialCalendar('Europe/London');

const absence: Condition = {
  kind: 'absence',
  after: [{ what: 'discharge' }],
  expected: { what: 'follow_up' },
  withinDays: 7,
};
const threshold: Condition = { kind: 'threshold', measure: 'engagement', direction: 'below', limit: 50 };

interface Given {
  readonly condition?: Condition;
  readonly version?: string;
  readonly publishedAt?: Instant;
  readonly enabled?: boolean;
  readonly escalateAfterDays?: number;
}

const rule = ({ condition = absence, version = '1', publishedAt, enabled, escalateAfterDays }: Given = {}) =>
  ({
    definition: SignalRule.parse({ rule: 'r', title: 'R', severity: 'notice', condition, enabled, escalateAfterDays }),
    version,
    publishedAt,
  }) satisfies RuleInForce;

const episode = (cause: string, from: Instant, until?: Instant, end: Episode['end'] = 'cause_gone'): Episode => ({
  subject: { kind: 'participant', id: 'P1' },
  site: 'S1',
  cause,
  from,
  until,
  end: until === undefined ? undefined : end,
  numbers: {},
  events: [],
});

const found = (given: RuleInForce, episodes: readonly Episode[], signals: readonly WatchedSignal[], now: Instant) =>
  signalChanges({
    rules: [given],
    episodes: new Map([['r', given.definition.enabled ? episodes : []]]),
    signals,
    now,
    calendar,
  });

/** What is on record after a change; it was recorded at `now`. */
function after(signals: readonly WatchedSignal[], change: SignalChange, now: Instant): readonly WatchedSignal[] {
  if (change.kind === 'raise') {
    const { episode: of, over, rule: by } = change;
    const { severity } = by.definition;
    const raised: WatchedSignal = {
      signal: `${of.subject.id} ${of.cause}`,
      rule: by.definition.rule,
      ruleVersion: by.version,
      subject: of.subject,
      site: of.site,
      cause: of.cause,
      from: of.from,
      state: over ? 'cleared' : 'open',
      until: over ? of.until : undefined,
      raisedSeverity: severity,
      severity,
      unattendedSince: over ? undefined : now,
      snoozedUntil: undefined,
    };
    if (signals.some(({ signal }) => signal === raised.signal)) throw new Error(`${raised.signal} was raised twice`);
    return [...signals, raised];
  }
  return signals.map((signal) => (signal.signal === change.signal ? { ...signal, ...changed(change, now) } : signal));
}

function changed(change: Exclude<SignalChange, { kind: 'raise' }>, now: Instant): Partial<WatchedSignal> {
  switch (change.kind) {
    case 'clear':
      return { state: 'cleared', until: change.at, unattendedSince: undefined, snoozedUntil: undefined };
    case 'return':
      return { state: 'open', until: undefined, unattendedSince: now };
    case 'wake':
      return { snoozedUntil: undefined, unattendedSince: now };
    case 'escalate':
      return { severity: change.to };
    default:
      return change satisfies never;
  }
}

const record = (given: RuleInForce, episodes: readonly Episode[], now: Instant): readonly WatchedSignal[] =>
  found(given, episodes, [], now).changes.reduce<readonly WatchedSignal[]>(
    (signals, change) => after(signals, change, now),
    [],
  );

const kinds = ({ changes }: SignalsFound) => changes.map(({ kind }) => kind);
const dueOf = ({ due }: SignalsFound): Instant | undefined => [...due.values()][0]?.at;

describe('what is due of a signal', () => {
  it('is to be raised when its episode begins, and not before', () => {
    const to = [episode('c', 10, 20)];
    expect(found(rule(), to, [], 9)).toMatchObject({ changes: [] });
    expect(dueOf(found(rule(), to, [], 9))).toBe(10);
    expect(found(rule(), to, [], 10).changes).toMatchObject([{ kind: 'raise', over: undefined, at: 10 }]);
    expect(dueOf(found(rule(), to, record(rule(), to, 10), 10))).toBe(20);
  });

  it('is to be raised as over when it was over before it was found, and nothing further', () => {
    const past = [episode('c', 10, 20, 'over')];
    const { changes } = found(rule(), past, [], 30);
    expect(changes).toMatchObject([{ kind: 'raise', over: 'over', at: 10 }]);
    expect(found(rule(), past, record(rule(), past, 30), 31)).toEqual({ changes: [], due: new Map() });
  });

  it('is cleared at the instant at which its episode ended', () => {
    const signals = record(rule(), [episode('c', 10)], 15);
    const { changes } = found(rule(), [episode('c', 10, 18)], signals, 30);
    expect(changes).toEqual([{ kind: 'clear', signal: 'P1 c', why: 'cause_gone', at: 18 }]);
  });

  it('is corrected when it never held, or does not yet, and returns when it holds after all', () => {
    const signals = record(rule(), [episode('c', 10)], 15);
    expect(found(rule(), [episode('c', 40)], signals, 30).changes).toMatchObject([{ kind: 'clear', why: 'corrected' }]);
    const [clear] = found(rule(), [], signals, 30).changes;
    expect(clear).toMatchObject({ kind: 'clear', why: 'corrected', at: 30 });
    const cleared = after(signals, clear!, 30);
    expect(kinds(found(rule(), [], cleared, 31))).toEqual([]);
    expect(dueOf(found(rule(), [episode('c', 40)], cleared, 31))).toBe(40);
    expect(found(rule(), [episode('c', 10)], cleared, 31).changes).toEqual([
      { kind: 'return', signal: 'P1 c', at: 31 },
    ]);
  });

  it('is nothing once somebody resolved it, while its cause lasts', () => {
    const resolved = record(rule(), [episode('c', 10)], 15).map((each) => ({
      ...each,
      state: 'resolved' as const,
      until: 16,
      unattendedSince: undefined,
    }));
    expect(found(rule(), [episode('c', 10)], resolved, 30)).toEqual({ changes: [], due: new Map() });
    expect(found(rule(), [episode('c', 10, 30)], resolved, 40)).toEqual({ changes: [], due: new Map() });
    expect(kinds(found(rule(), [episode('d', 35)], resolved, 40))).toEqual(['raise']);
  });

  it('is woken when its snooze is over', () => {
    const snoozed = record(rule(), [episode('c', 10)], 15).map((each) => ({
      ...each,
      snoozedUntil: 50,
      unattendedSince: undefined,
    }));
    expect(dueOf(found(rule(), [episode('c', 10)], snoozed, 49))).toBe(50);
    expect(found(rule(), [episode('c', 10)], snoozed, 60).changes).toEqual([{ kind: 'wake', signal: 'P1 c', at: 50 }]);
    expect(kinds(found(rule(), [episode('c', 10, 20)], snoozed, 60))).toEqual(['clear']);
  });

  it('escalates once, after so many local days without anybody having looked at it', () => {
    const escalating = rule({ escalateAfterDays: 2 });
    // The clocks go forward in the night to the 31st: the end of that day is 23 hours after that of the one before.
    const raisedAt = Date.parse('2024-03-29T15:00:00Z');
    const dueAt = Date.parse('2024-03-31T23:00:00Z');
    const signals = record(escalating, [episode('c', 10)], raisedAt);
    expect(dueOf(found(escalating, [episode('c', 10)], signals, dueAt - 1))).toBe(dueAt);
    const [change] = found(escalating, [episode('c', 10)], signals, dueAt).changes;
    expect(change).toEqual({ kind: 'escalate', signal: 'P1 c', to: 'warning', at: dueAt });
    const escalated = after(signals, change!, dueAt);
    expect(found(escalating, [episode('c', 10)], escalated, dueAt + 9 * DAY)).toEqual({ changes: [], due: new Map() });
    const seen = signals.map((each) => ({ ...each, unattendedSince: undefined }));
    expect(kinds(found(escalating, [episode('c', 10)], seen, dueAt))).toEqual([]);
  });
});

describe('a rule that is another one', () => {
  const signals = record(rule(), [episode('c', 10)], 15);

  it('raises only what still held when it was published', () => {
    const published = rule({ publishedAt: 100 });
    const held = [episode('a', 10, 100), episode('b', 20, 101), episode('c', 30)];
    expect(found(published, held, [], 200).changes).toMatchObject([{ episode: held[1]! }, { episode: held[2]! }]);
  });

  it('clears what it does not find, or what is off', () => {
    expect(found(rule({ version: '2' }), [], signals, 30).changes).toMatchObject([{ why: 'rule_changed', at: 30 }]);
    expect(found(rule({ enabled: false }), [], signals, 30).changes).toMatchObject([{ why: 'rule_changed' }]);
    const gone = signalChanges({ rules: [], episodes: new Map(), signals, now: 30, calendar });
    expect(gone.changes).toMatchObject([{ kind: 'clear', why: 'rule_changed' }]);
  });

  it('goes on with what it finds too', () => {
    expect(kinds(found(rule({ version: '2', publishedAt: 20 }), [episode('c', 10)], signals, 30))).toEqual([]);
  });
});

describe('a number beyond its limit', () => {
  const low = rule({ condition: threshold });
  const signals = record(low, [episode('c', 10)], 15);

  it('is the same signal though it began at another time', () => {
    expect(kinds(found(low, [episode('earlier', 5)], signals, 30))).toEqual([]);
    expect(kinds(found(low, [episode('later', 20)], signals, 30))).toEqual([]);
    expect(found(low, [episode('later', 20, 25)], signals, 30).changes).toMatchObject([{ kind: 'clear', at: 25 }]);
  });

  it('is another one where its time is another one', () => {
    const over = after(signals, found(low, [episode('c', 10, 18)], signals, 30).changes[0]!, 30);
    expect(kinds(found(low, [episode('c', 10, 18), episode('d', 25)], over, 30))).toEqual(['raise']);
    expect(kinds(found(low, [episode('d', 18)], over, 30))).toEqual(['raise']);
    expect(kinds(found(low, [episode('d', 17)], over, 30))).toEqual(['return']);
    expect(kinds(found(rule(), [episode('d', 17)], over, 30))).toEqual(['raise']);
  });
});

/** What is recorded of a subject: somebody has to be met, or is met. It is known from `knownAt` on. */
interface Happened {
  readonly subject: string;
  readonly what: 'anchor' | 'met';
  readonly at: Instant;
  readonly knownAt: Instant;
}

/** A small rule: nobody was met within 5 after an anchor. */
function episodesOf(happened: readonly Happened[]): readonly Episode[] {
  return [...Map.groupBy(happened, ({ subject }) => subject)].flatMap(([id, own]) => {
    const met = own.filter(({ what }) => what === 'met').map(({ at }) => at);
    const anchors = [...new Set(own.filter(({ what }) => what === 'anchor').map(({ at }) => at))];
    return anchors.flatMap((at) => {
      const until = Math.min(...met.filter((each) => each > at));
      const [from, end] = [at + 5, until === Infinity ? undefined : until];
      return from < until ? [{ ...episode(`${at}`, from, end), subject: { kind: 'participant' as const, id } }] : [];
    });
  });
}

const histories = fc.array(
  fc.record({
    subject: fc.constantFrom('P1', 'P2', 'P3'),
    what: fc.constantFrom('anchor', 'met'),
    at: fc.integer({ min: 0, max: 60 }),
    late: fc.integer({ min: 0, max: 30 }),
  }),
  { maxLength: 25 },
);
const steps = fc.uniqueArray(fc.integer({ min: 0, max: 200 }), { maxLength: 30 });

/** Looks at some times, and at the end; after each, a second look finds nothing more. */
function watched(happened: readonly Happened[], times: readonly Instant[]): readonly WatchedSignal[] {
  let signals: readonly WatchedSignal[] = [];
  for (const now of [...times.toSorted((a, b) => a - b), 300]) {
    const known = episodesOf(happened.filter(({ knownAt }) => knownAt <= now));
    for (const change of found(rule(), known, signals, now).changes) signals = after(signals, change, now);
    expect(found(rule(), known, signals, now).changes).toEqual([]);
  }
  return signals;
}

const raisedOf = (signals: readonly WatchedSignal[]) => signals.map(({ signal }) => signal).sort();
const openOf = (signals: readonly WatchedSignal[]) => raisedOf(signals.filter(({ state }) => state === 'open'));

describe('whenever it is looked', () => {
  it('the same signals are raised of what is entered when it happens', () => {
    fc.assert(
      fc.property(histories, steps, (history, times) => {
        const happened = history.map((each) => ({ ...each, knownAt: each.at }));
        expect(raisedOf(watched(happened, times))).toEqual(raisedOf(watched(happened, [])));
      }),
    );
  });

  it('no cause is raised twice and what stands is what holds, in whatever order it is entered', () => {
    fc.assert(
      fc.property(histories, steps, (history, times) => {
        const happened = history.map(({ late, ...each }) => ({ ...each, knownAt: each.at + late }));
        const signals = watched(happened, times);
        expect(openOf(signals)).toEqual(openOf(watched(happened, [])));
      }),
    );
  });

  it('something is due exactly when the next look will find something', () => {
    fc.assert(
      fc.property(histories, fc.integer({ min: 0, max: 100 }), (history, now) => {
        const known = episodesOf(history.filter(({ at }) => at <= now).map((each) => ({ ...each, knownAt: now })));
        let signals: readonly WatchedSignal[] = [];
        for (const change of found(rule(), known, signals, now).changes) signals = after(signals, change, now);
        const next = Math.min(...[...found(rule(), known, signals, now).due.values()].map(({ at }) => at), 200);
        expect(found(rule(), known, signals, next - 1).changes).toEqual([]);
        if (next < 200) expect(found(rule(), known, signals, next).changes).not.toEqual([]);
      }),
    );
  });
});
