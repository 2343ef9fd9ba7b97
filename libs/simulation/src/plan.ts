import { isIdentifier } from '@cairn/event-sourcing';
import { z } from 'zod';
import { isTimeZone } from './local-days.js';

/*
 * What a simulated trial is to be like. Everything but the sites has a default; the defaults are ours and no finding of any
 * trial. See docs/simulate.md.
 */

const id = z.string().refine(isIdentifier, 'is not an identifier');
/** Other ids are made of it, and stand in cells with a bar between them. */
const siteId = id.refine(
  (site) => site.length <= 60 && !site.includes('|'),
  'is longer than 60 characters, or has a bar',
);
const share = z.number().min(0).max(1);

/** One site of a plan. */
export const SitePlan = z.strictObject({
  site: siteId,
  participants: z.int().min(0).max(1_000_000),
  /** Days from the start of the trial to the opening of the site. */
  opensAfterDays: z.int().min(0).max(3_650).default(0),
  recruitedPerWeek: z.number().gt(0).max(10_000).default(2),
  peerWorkers: z.int().min(1).max(1_000).default(6),
  employer: z.enum(['NHS', 'VOL']).default('NHS'),
  /** Of those offered peer support whose worker is known: who keeps meeting the worker. */
  engagement: share.default(0.7),
  /** Of those: who meets the worker on the ward before discharge. */
  wardContact: share.default(0.9),
  /** Planned with somebody who keeps meeting the worker, from discharge until the window closes. */
  contactsPerWeek: z.number().gt(0).max(7).default(1),
  /** Of what is planned with them: what is attended. */
  attendance: share.default(0.9),
  /** Whose clinical follow-up is in time; of the others every second one comes late. */
  followedUp: share.default(0.9),
  supervision: z
    .strictObject({
      /** From one group session to the next; absent: as often as the protocol says. */
      everyDays: z.int().min(1).max(365).optional(),
      /** Of the sessions: those that are not held, each by itself. */
      missed: share.default(0),
      /** Times without any, in days after the opening of the site. */
      gaps: z
        .array(z.strictObject({ fromDay: z.int().min(0).max(36_500), days: z.int().min(1).max(3_650) }))
        .max(1_000)
        .default([]),
    })
    .prefault({}),
  /** Of the peer workers: whose training is a day to three days short. */
  untrained: share.default(0),
  /** Of the contacts: those that are entered more than a week after they happened, and at most so many days. */
  lateEntries: z.strictObject({ share, withinDays: z.int().min(9).max(365).default(30) }).prefault({ share: 0.05 }),
  /** Of those offered peer support: whose worker is not on record. */
  unknownWorkers: share.default(0.03),
  /** Of those offered peer support: who withdraws from it, at any time in the window. */
  withdrawals: share.default(0.05),
  /** Of all: who is readmitted within a year of discharge. */
  readmissions: share.default(0.3),
  /** On the trial's instrument, after half a year of delivery; null: never assessed. */
  fidelity: z.number().min(3).max(12).nullable().default(10.5),
});
export type SitePlan = z.infer<typeof SitePlan>;

/** A plan, with what it leaves open filled in. */
export const SimulationPlan = z.strictObject({
  trial: id.default('simulated'),
  title: z.string().trim().min(1).max(200).default('A simulated trial'),
  /** With the same plan and the same seed everything is the same, to the byte. */
  seed: z.int().min(0).max(4_294_967_295).default(1),
  timeZone: z.string().refine(isTimeZone, 'is not a time zone like Europe/London').default('Europe/London'),
  /** The first day of the trial. */
  startsOn: z.iso.date().default('2022-01-10'),
  window: z
    .union([
      z.strictObject({ monthsAfterDischarge: z.int().min(1).max(60) }),
      z.strictObject({ weeksAfterDischarge: z.int().min(1).max(260) }),
    ])
    .default({ monthsAfterDischarge: 4 }),
  strata: z.array(id).max(100).default([]),
  followUpWithinDays: z.int().min(1).max(365).default(7),
  trainingDays: z.number().min(0).max(30).default(8),
  groupSupervisionEveryDays: z.int().min(1).max(365).default(7),
  sites: z.array(SitePlan).min(1).max(10_000),
});
export type SimulationPlan = z.infer<typeof SimulationPlan>;

/** What can be wrong with a plan, by stable codes; docs/codes.md. */
export const planProblemCodes = ['PLAN_VALUE', 'PLAN_SITE_TWICE'] as const;

/** What is wrong with a plan. */
export interface PlanProblem {
  readonly code: (typeof planProblemCodes)[number];
  /** Where, as `sites.0.engagement`; empty for the plan as a whole. */
  readonly path: string;
  readonly message: string;
}

export type PlanReading =
  | { readonly kind: 'read'; readonly plan: SimulationPlan }
  | { readonly kind: 'faulty'; readonly problems: readonly PlanProblem[] };

/** Reads a plan, such as a JSON file has it, and fills in what it leaves open; everything that is wrong is told. */
export function readPlan(given: unknown): PlanReading {
  const read = SimulationPlan.safeParse(given);
  if (!read.success) {
    const problems = read.error.issues.map(({ path, message }): PlanProblem => ({
      code: 'PLAN_VALUE',
      path: path.map(String).join('.'),
      message,
    }));
    return { kind: 'faulty', problems };
  }
  const seen = new Set<string>();
  const twice = read.data.sites.flatMap(({ site }, index): readonly PlanProblem[] => {
    if (seen.has(site))
      return [{ code: 'PLAN_SITE_TWICE', path: `sites.${index}.site`, message: `${site} is there twice` }];
    seen.add(site);
    return [];
  });
  return twice.length > 0 ? { kind: 'faulty', problems: twice } : { kind: 'read', plan: read.data };
}
