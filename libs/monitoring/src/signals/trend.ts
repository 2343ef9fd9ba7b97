import type { TrendCondition } from '@cairn/signals/rule';
import { numberOfDay } from '../trial-setting.js';
import type { Episode } from './episode.js';
import { type BeforeAndRecent, rateOf, type RateStep } from './measures/occurrences-by-day.js';
import { eventsOf, runsBeyond } from './measures/step.js';
import { participantsBySite } from './participant-standing.js';
import { Delivery } from './period.js';
import { within } from './span.js';
import { causeOf } from './threshold.js';
import { NEVER, type TrialFacts } from './trial-facts.js';

/**
 * When something happens less, or more, often at a site than it did: in the last `overDays` whole local days by more than
 * `factor` less than in as many days before them (and then `atLeast` times), or by more than `factor` more (and now
 * `atLeast` times); by just the factor is not beyond it.
 *
 * Only while the site delivers, and not before both stretches of days lie after its opening. It ends with `cause_gone` when
 * the counts are no longer beyond, with `over` when the site does not deliver any more.
 * @param sites of these only; absent: of all of the register
 */
export function trendEpisodes(
  condition: TrendCondition,
  facts: TrialFacts,
  sites?: ReadonlySet<string>,
): readonly Episode[] {
  const { measure, overDays, factor } = condition;
  const { calendar, sites: registered } = facts.setting;
  const delivery = new Delivery(facts);
  const bySite = participantsBySite(facts);
  return [...registered.values()].flatMap(({ site, openedOn }): readonly Episode[] => {
    if (openedOn === undefined || (sites && !sites.has(site))) return [];
    const comparable = { from: calendar.startOfNumber(numberOfDay(openedOn) + 2 * overDays), until: NEVER };
    const spans = within(comparable, delivery.of(site));
    const { steps, recordsAt } = rateOf(measure, overDays, facts, bySite.get(site) ?? []);
    return runsBeyond(steps, ({ counts }) => isBeyond(counts, condition)).flatMap((run) => {
      const gone = run.until ?? NEVER;
      return within({ from: run.first.at, until: gone }, spans).map(({ from, until }) => {
        const { counts } = stepAt(steps, from);
        return {
          subject: { kind: 'site' as const, id: site },
          site,
          cause: causeOf(measure, from),
          from,
          until: until === NEVER ? undefined : until,
          end: until === NEVER ? undefined : until === gone ? ('cause_gone' as const) : ('over' as const),
          numbers: { ...counts, overDays, factor },
          events: eventsOf(recordsAt(from)),
        };
      });
    });
  });
}

function isBeyond({ recent, before }: BeforeAndRecent, { direction, factor, atLeast = 1 }: TrendCondition): boolean {
  switch (direction) {
    case 'falling':
      return before >= atLeast && recent * factor < before;
    case 'rising':
      return recent >= atLeast && recent > before * factor;
    default:
      return direction satisfies never;
  }
}

const stepAt = (steps: readonly RateStep[], at: number): RateStep => steps.findLast((step) => step.at <= at)!;
