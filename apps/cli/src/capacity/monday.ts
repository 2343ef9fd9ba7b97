import { dice } from '../bench/trial-log.js';
import type { Demand, Flow } from './demand.js';
import type { Arrival } from './waits.js';

/** Where trials are: hours before UTC, and their share of them. A guess, like every other: most of them in Europe. */
const ZONES = [
  [1, 0.35],
  [0, 0.25],
  [2, 0.1],
  [-5, 0.12],
  [-8, 0.06],
  [5.5, 0.07],
  [10, 0.05],
] as const;
const HOUR = 3_600;
/** Seconds that are looked at as one. */
const STEP = 10;
/** Since the Sunday noon before, in UTC: so that it is Monday everywhere at some time of it. */
const MONDAY_STARTS = 12 * HOUR;
const LENGTH = 48 * HOUR;
const WORKDAY = { from: 9, hours: 8 };
/** Seconds within which those who import do so, after the day has begun. */
const IMPORTS_WITHIN = 1_800;

/** A Monday, the busiest day of the week. */
export interface Monday {
  /** Events that sites record one by one, or give in imports. */
  readonly recorded: readonly Arrival[];
  readonly imported: readonly Arrival[];
  /** Timers that are due, all of a zone when its day begins. */
  readonly due: readonly Arrival[];
}

/**
 * What comes on a Monday. Each trial is in a time zone that follows from the seed and its number, and so does whether a
 * site imports and when; with more trials or sites, those that were there before do the same.
 * @param timers that are due for a participant on a day
 */
export function mondayOf(demand: Demand, flow: Flow, timers: number): Monday {
  const steps = LENGTH / STEP;
  const recorded = new Float64Array(steps);
  const imported = new Float64Array(steps);
  const due = new Float64Array(steps);
  const rising = new Float64Array(steps);
  // Within a trial's years, its participants are there for a part of them; all that are, have timers.
  const dueOfATrial = demand.sites * demand.participants * timers;
  const ofASite = (flow.busiest * STEP) / (demand.trials * demand.sites);
  for (let trial = 0; trial < demand.trials; trial++) {
    const roll = dice(demand.seed, trial);
    const midnight = MONDAY_STARTS - zoneAt(roll()) * HOUR;
    due[midnight / STEP]! += dueOfATrial;
    const morning = midnight + WORKDAY.from * HOUR;
    for (let site = 0; site < demand.sites; site++) {
      const own = dice(demand.seed, trial, 1 + site);
      const at = morning + Math.floor(own() * IMPORTS_WITHIN);
      if (own() < demand.importing) imported[Math.floor(at / STEP)]! += flow.weekOfASite;
      else {
        rising[morning / STEP]! += ofASite;
        rising[(morning + WORKDAY.hours * HOUR) / STEP]! -= ofASite;
      }
    }
  }
  for (let step = 0, rate = 0; step < steps; step++) recorded[step] = rate = Math.max(0, rate + rising[step]!);
  return { recorded: arrivals(recorded), imported: arrivals(imported), due: arrivals(due) };
}

function zoneAt(chance: number): number {
  let left = chance;
  for (const [hours, share] of ZONES) if ((left -= share) < 0) return hours;
  return ZONES[0][0];
}

const arrivals = (pieces: Float64Array): Arrival[] =>
  Array.from(pieces, (each, step) => ({ at: step * STEP, pieces: each })).filter(({ pieces: some }) => some > 1e-9);

/** Two lines as one, in which a piece of the second counts as so many of the first. */
export function together(first: readonly Arrival[], second: readonly Arrival[], worth: number): Arrival[] {
  const all: Arrival[] = [];
  for (let [one, other] = [0, 0]; one < first.length || other < second.length;) {
    const at = Math.min(first[one]?.at ?? Infinity, second[other]?.at ?? Infinity);
    let pieces = 0;
    if (first[one]?.at === at) pieces += first[one++]!.pieces;
    if (second[other]?.at === at) pieces += second[other++]!.pieces * worth;
    all.push({ at, pieces });
  }
  return all;
}
