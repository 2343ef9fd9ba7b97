import type { Instant } from '@cairn/event-sourcing';
import { chanceOf } from './chance.js';
import { LocalDays } from './local-days.js';
import type { SimulationPlan } from './plan.js';
import { nullPlan } from './plans.js';
import { simulateTrial, type SimulatedTrial } from './simulate-trial.js';
import { lastDayOf, openingDay } from './simulated-life.js';

/** A month of a year of 365.25 days. */
const DAYS_OF_MONTH = 365.25 / 12;

/** A signal that a rule raised in a simulated trial. */
export interface FalseAlarm {
  readonly rule: string;
  readonly site: string;
  readonly from: Instant;
}

/** How often a rule raises a signal in trials in which nothing is wrong. */
export interface FalseAlarmRate {
  readonly rule: string;
  /** Of all rounds together. */
  readonly alarms: number;
  /** Expected at one site in one month of its delivery: the mean over rounds. */
  readonly perSiteAndMonth: number;
  /** Of that mean, from the spread between rounds; null with a single one. */
  readonly standardError: number | null;
}

/** What a calibration came to. */
export interface Calibration {
  readonly rounds: number;
  readonly seed: number;
  /** Of one round: each site from its opening to the end of its last window, in months. */
  readonly siteMonths: number;
  /** In the order in which the rules were given. */
  readonly rates: readonly FalseAlarmRate[];
}

/**
 * Expected false alarms per site and month, by simulating a null trial (`nullPlan`) so many times. What a rule raises is
 * asked of `signals`, for what rules mean is no matter of simulation; what begins before a site opens or after its last window
 * is left out.
 * @param rules ids of the rules, each listed even when it never raises anything
 */
export function falseAlarms(
  rules: readonly string[],
  { plan, rounds, seed }: { readonly plan: SimulationPlan; readonly rounds: number; readonly seed: number },
  signals: (trial: SimulatedTrial) => Iterable<FalseAlarm>,
): Calibration {
  const calm = nullPlan(plan);
  const delivery = deliveryOf(calm);
  const siteMonths = [...delivery.values()].reduce((sum, { months }) => sum + months, 0);
  const counts = new Map(rules.map((rule) => [rule, Array.from({ length: rounds }, () => 0)]));
  for (let round = 0; round < rounds; round++) {
    const roundSeed = Math.floor(chanceOf(seed, round)() * 4_294_967_296);
    for (const { rule, site, from } of signals(simulateTrial({ ...calm, seed: roundSeed }))) {
      const within = delivery.get(site);
      const ofRule = counts.get(rule);
      if (ofRule && within && from >= within.from && from < within.until) ofRule[round]!++;
    }
  }
  return {
    rounds,
    seed,
    siteMonths,
    rates: rules.map((rule) => ({ rule, ...rateOf(counts.get(rule)!, siteMonths) })),
  };
}

/** While sites of a plan deliver. */
function deliveryOf(plan: SimulationPlan) {
  const days = new LocalDays(plan.timeZone);
  return new Map(
    plan.sites.map((site) => {
      const [first, last] = [openingDay(plan, site), lastDayOf(plan, site, days)];
      const months = (last - first) / DAYS_OF_MONTH;
      return [site.site, { from: days.startOf(first), until: days.startOf(last), months }] as const;
    }),
  );
}

function rateOf(counts: readonly number[], siteMonths: number): Omit<FalseAlarmRate, 'rule'> {
  const alarms = counts.reduce((sum, count) => sum + count, 0);
  const mean = alarms / counts.length;
  const squares = counts.reduce((sum, count) => sum + (count - mean) ** 2, 0);
  const error = counts.length < 2 ? null : Math.sqrt(squares / (counts.length - 1) / counts.length);
  return {
    alarms,
    perSiteAndMonth: mean / siteMonths,
    standardError: error === null ? null : error / siteMonths,
  };
}
