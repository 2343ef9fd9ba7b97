import { formatInstant } from '@cairn/event-sourcing';
import type { AbsenceCondition } from '@cairn/signals/rule';
import type { TrialCalendar } from '../trial-setting.js';
import type { Episode } from './episode.js';
import type { Occurrence } from './happenings.js';
import { occurrencesOf, ruleSubjects, type RuleSubject, type TouchedUnits } from './rule-subjects.js';
import type { Span } from './span.js';
import type { TrialFacts } from './trial-facts.js';

/**
 * Of everybody after whose anchor, one of `after`, nothing of `expected` came in time.
 *
 * - The anchor's day is day 0; `due` is the first instant after day `withinDays`, in the trial's zone.
 * - `from` is the latest of `due` and the beginnings of cohort and period; `until` the earliest of the next `expected`
 *   (`cause_gone`, which wins at the same instant) and the ends of cohort and period (`over`). None where that is empty.
 * - Of several anchors without anything expected between them, the first one counts: one gap has one cause. The cause is the
 *   anchor's record; where a period that was over begins again, followed by a blank and what began it.
 * - Numbers: `since` the anchor, `withinDays`, `due`, and `days` from the anchor's local day to that of what ended it.
 */
export const absenceEpisodes = (
  condition: AbsenceCondition,
  facts: TrialFacts,
  only?: TouchedUnits,
): readonly Episode[] =>
  ruleSubjects(condition, facts, only).flatMap((subject) =>
    gaps(occurrencesOf(condition.after, subject, facts), occurrencesOf([condition.expected], subject, facts)).flatMap(
      (gap) => subject.spans.flatMap((span) => episodeOf(gap, span, subject, condition, facts.setting.calendar)),
    ),
  );

/** From an anchor to the next of what is expected. */
interface Gap {
  readonly anchor: Occurrence;
  readonly ended: Occurrence | undefined;
}

/**
 * The gaps of one subject. What is expected satisfies an anchor of the same instant, but not itself: where meetings are
 * expected after meetings, the last of one instant begins the next gap.
 * @param after in the order of time, as is `expected`
 */
function gaps(after: readonly Occurrence[], expected: readonly Occurrence[]): readonly Gap[] {
  const satisfying = new Set(expected.map(({ record }) => record));
  const instants = Map.groupBy([...after.map(anchoring), ...expected.map(ending)], ({ at }) => at);
  const found: Gap[] = [];
  let running: Occurrence | undefined;
  for (const [, here] of [...instants].sort(([a], [b]) => a - b)) {
    const ended = here.find(({ ends }) => ends)?.occurrence;
    if (running && ended) {
      found.push({ anchor: running, ended });
      running = undefined;
    }
    running ??= here.find(
      ({ ends, occurrence }) => !ends && (ended === undefined || satisfying.has(occurrence.record)),
    )?.occurrence;
  }
  return running ? [...found, { anchor: running, ended: undefined }] : found;
}

const anchoring = (occurrence: Occurrence) => ({ at: occurrence.at, occurrence, ends: false });
const ending = (occurrence: Occurrence) => ({ at: occurrence.at, occurrence, ends: true });

function episodeOf(
  { anchor, ended }: Gap,
  span: Span,
  { subject, site }: RuleSubject,
  { withinDays }: AbsenceCondition,
  calendar: TrialCalendar,
): readonly Episode[] {
  const due = calendar.endOfTerm(anchor.at, { days: withinDays });
  const from = Math.max(due, span.from);
  const until = Math.min(ended?.at ?? Infinity, span.until);
  if (from >= until) return [];
  const mended = ended?.at === until ? ended : undefined;
  return [
    {
      subject,
      site,
      cause: span.key === '' ? anchor.record : `${anchor.record} ${span.key}`,
      from,
      until: until === Infinity ? undefined : until,
      end: mended ? 'cause_gone' : until === Infinity ? undefined : 'over',
      numbers: {
        since: formatInstant(anchor.at),
        withinDays,
        due: formatInstant(due),
        days: mended ? calendar.numberOf(mended.at) - calendar.numberOf(anchor.at) : null,
      },
      events: [anchor.event, mended?.event].filter((event) => event !== undefined),
    },
  ];
}
