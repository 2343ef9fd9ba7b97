import { between, chanceOf, happens } from './chance.js';
import { isoDay, type LocalDays } from './local-days.js';
import type { SimulationPlan, SitePlan } from './plan.js';
import type { SiteRecordOf, TrainingRecord } from './records.js';
import { lastDayOf, openingDay, workerId } from './simulated-life.js';

export const INSTRUMENT = { instrument: 'fidelity-index', minimum: 3, maximum: 12, notBeforeMonthsOfDelivery: 6 };

const DRAWN = { supervision: 11, preparation: 12, training: 13 };

const DAYS_BETWEEN_PREPARATIONS = 60;

/** A site with what its records depend on. */
export interface SiteInPlan {
  readonly plan: SimulationPlan;
  readonly site: SitePlan;
  readonly siteNumber: number;
}

export const coordinatorId = ({ site }: SitePlan): string => `${site}PWC`;

/** Group sessions from the opening until there is nobody to deliver to any more, in the order of time. */
export function* supervisions(
  { plan, site, siteNumber }: SiteInPlan,
  days: LocalDays,
): Generator<SiteRecordOf<'SupervisionHeld'>> {
  const chance = chanceOf(plan.seed, siteNumber, DRAWN.supervision);
  const opened = openingDay(plan, site);
  const last = lastDayOf(plan, site, days);
  const { everyDays = plan.groupSupervisionEveryDays, missed, gaps } = site.supervision;
  const attendees = Array.from({ length: Math.min(site.peerWorkers, 200) }, (_, number) => workerId(site, number + 1));
  for (let number = 0, day = opened; day <= last; number++, day += everyDays) {
    const isMissed = happens(chance, missed);
    const since = day - opened;
    if (isMissed || gaps.some(({ fromDay, days: many }) => since >= fromDay && since < fromDay + many)) continue;
    yield {
      type: 'SupervisionHeld',
      occurredAt: days.at(day, 14 * 60),
      data: {
        trial: plan.trial,
        site: site.site,
        supervision: `${site.site}-GS${number + 1}`,
        kind: 'group',
        facilitator: coordinatorId(site),
        attendees,
        minutes: 90,
      },
    };
  }
}

/** Sessions that prepare the staff of two wards in turn. */
export function* preparations(
  { plan, site, siteNumber }: SiteInPlan,
  days: LocalDays,
): Generator<SiteRecordOf<'TeamPreparationHeld'>> {
  const chance = chanceOf(plan.seed, siteNumber, DRAWN.preparation);
  const opened = openingDay(plan, site);
  const last = lastDayOf(plan, site, days);
  for (let number = 0, day = opened - 14; day <= last; number++, day += DAYS_BETWEEN_PREPARATIONS) {
    yield {
      type: 'TeamPreparationHeld',
      occurredAt: days.at(day, 10 * 60),
      data: {
        trial: plan.trial,
        site: site.site,
        session: `${site.site}-TP${number + 1}`,
        ward: `${site.site}-W${1 + (number % 2)}`,
        staffAttending: between(chance, 4, 12),
      },
    };
  }
}

/** One assessment after half a year of delivery, where the plan has one. */
export function* assessments({ plan, site }: SiteInPlan, days: LocalDays): Generator<SiteRecordOf<'FidelityAssessed'>> {
  if (site.fidelity === null) return;
  const day = days.monthsAfter(openingDay(plan, site), INSTRUMENT.notBeforeMonthsOfDelivery) + 14;
  yield {
    type: 'FidelityAssessed',
    occurredAt: days.startOf(day),
    data: {
      trial: plan.trial,
      site: site.site,
      instrument: INSTRUMENT.instrument,
      rater: 'R1',
      total: Math.round(site.fidelity * 10) / 10,
    },
  };
}

/** The training of a site's peer workers before it opens, worker by worker. */
export function* trainings({ plan, site, siteNumber }: SiteInPlan, days: LocalDays): Generator<TrainingRecord> {
  const chance = chanceOf(plan.seed, siteNumber, DRAWN.training);
  const first = openingDay(plan, site) - 45;
  for (let number = 1; number <= site.peerWorkers; number++) {
    const short = happens(chance, site.untrained) ? between(chance, 1, 3) : 0;
    let left = plan.trainingDays - short;
    for (let day = first; left > 0; day++, left--) {
      yield {
        type: 'TrainingAttended',
        occurredAt: days.startOf(day),
        data: { trial: plan.trial, worker: workerId(site, number), attendedOn: isoDay(day), days: Math.min(1, left) },
      };
    }
  }
}
