import type { Instant } from '@cairn/event-sourcing';
import { type Moment, type OpenTime, streak, type TrialCalendar } from '@cairn/monitoring';
import {
  isAtLeast,
  type Severity,
  signalAt,
  type SignalAt,
  type SignalDocument,
  type SignalEntry,
  type SignalRule,
} from '@cairn/signals';
import { newestFirst } from '../graphql/connection.js';
import type { TrialSight } from '../monitoring/trial-sight.js';
import type { TrialView } from '../registry/trial-view.js';
import type { SignalRules } from './signal-rules.js';

/** A signal as one viewer may see it at the moment that was asked for. */
export interface SignalSight extends SignalAt {
  readonly view: TrialView;
  readonly moment: Moment;
  /** For how many weeks on end the rule has had an open signal for the subject. */
  readonly streakWeeks: () => number;
  /** What the rule said that raised it. */
  readonly rule: () => SignalRule | undefined;
}

/** Which signals are wanted; what is absent is not asked for. */
export interface WantedSignals {
  readonly sites?: readonly string[] | undefined;
  readonly rules?: readonly string[] | undefined;
  readonly severity?: Severity | undefined;
  readonly states?: readonly string[] | undefined;
  readonly subject?: string | undefined;
  readonly raisedAfter?: Instant | undefined;
}

/** Of a caseload are those who were ever allocated to its worker, as far as that is known now. */
const EVER: Moment = { asOf: Infinity, knownAt: Infinity };

/** Whether the viewer may know of a signal. */
export function isSeen(sight: TrialSight, { raised }: Pick<SignalAt, 'raised'>): boolean {
  const { audience, site, participant } = raised.data;
  const area = audience === 'open' ? 'openSignals' : 'signals';
  if (participant !== undefined) return sight.covers(area, { participant, site }, EVER);
  const reach = sight.reach(area);
  return reach.kind === 'whole' || (reach.kind === 'part' && reach.sites.has(site));
}

/**
 * A document as the viewer may be told of it. When something was recorded depends on what else there was to look at, and
 * so on what one arm does: whoever is blinded is told that it was when it happened.
 */
function toldOf({ entries }: SignalDocument, isBlinded: boolean): SignalDocument {
  if (!isBlinded) return { entries };
  return { entries: entries.map((entry): SignalEntry => ({ ...entry, recordedAt: entry.occurredAt })) };
}

/** The signals of a trial that the viewer may see, as they stood at a moment, in the order in which they are shown. */
export function seenSignals(
  documents: Iterable<SignalDocument>,
  { view, sight, rules, moment, calendar }: SignalQuestion,
): readonly SignalSight[] {
  const isBlinded = view.viewer.isBlindedIn(view.trial);
  const found = [...documents].flatMap((document) => {
    const signal = signalAt(toldOf(document, isBlinded), moment);
    return signal && isSeen(sight, signal) ? [signal] : [];
  });
  const open = Map.groupBy(found, streakOf);
  return found
    .map((signal) => ({ signal, key: orderOf(signal) }))
    .sort((a, b) => (a.key < b.key ? -1 : 1))
    .map(({ signal }): SignalSight => ({
      ...signal,
      view,
      moment,
      streakWeeks: () => {
        const times = open.get(streakOf(signal))!.flatMap(({ stood }): readonly OpenTime[] => stood);
        return streak(times, moment.asOf, calendar);
      },
      rule: () => rules.version(signal.raised.data.rule, signal.raised.data.ruleVersion),
    }));
}

/** What a list of signals is made for. */
export interface SignalQuestion {
  readonly view: TrialView;
  readonly sight: TrialSight;
  readonly rules: SignalRules;
  readonly moment: Moment;
  readonly calendar: TrialCalendar;
}

const streakOf = ({ raised: { data } }: SignalAt): string => JSON.stringify([data.rule, data.subject]);

/** A key that rises along the list: the most urgent first, of these the newest. */
export const orderOf = ({ signal, raised, stood }: SignalAt): string =>
  `${urgency[signal.severity]}${newestFirst(BigInt(stood.at(-1)!.from))}${raised.data.signal}`;

/** Whether a text can be such a key: a cursor of another list is none of this one. */
export const isOrder = (key: string): boolean => /^[012]\d{19}[0-9a-f-]{36}$/.test(key);

const urgency: Readonly<Record<Severity, number>> = { critical: 0, warning: 1, notice: 2 };

/** Whether a signal is one of those that were asked for. */
export const isWanted = (
  { signal, entries }: SignalAt,
  { sites, rules, severity, states, subject, raisedAfter }: WantedSignals,
): boolean =>
  (sites?.includes(signal.about.site) ?? true) &&
  (rules?.includes(signal.about.rule) ?? true) &&
  (severity === undefined || isAtLeast(signal.severity, severity)) &&
  (states?.includes(signal.kind) ?? true) &&
  (subject ?? signal.about.subject.id) === signal.about.subject.id &&
  (raisedAfter === undefined ||
    entries.some(
      ({ type, recordedAt }) => (type === 'SignalRaised' || type === 'SignalReturned') && recordedAt > raisedAfter,
    ));
