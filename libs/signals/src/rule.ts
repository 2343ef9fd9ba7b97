import { z } from 'zod';
import { id, wordsUpTo } from './vocabulary.js';

/*
 * Rules as data. What events hold of them is a storage format. `@cairn/monitoring` says what holds of the facts of a
 * trial; here is only how a rule is written down.
 */

/** How urgent a signal of a rule is, from least to most. */
export const Severity = z.enum(['notice', 'warning', 'critical']);
export type Severity = z.infer<typeof Severity>;

const days = z.int().min(0).max(3_650);

/**
 * Something on record that a rule looks for. A contact is one that was attended unless outcomes are named; `discharge` is
 * the index discharge; `opening` is the start of the day on which a site opened.
 */
export const Happening = z.discriminatedUnion('what', [
  z.strictObject({ what: z.literal('referral') }),
  z.strictObject({ what: z.literal('randomisation') }),
  z.strictObject({ what: z.literal('allocation') }),
  z.strictObject({
    what: z.literal('contact'),
    settings: z
      .array(z.enum(['ward', 'community']))
      .min(1)
      .optional(),
    modes: z
      .array(z.enum(['face_to_face', 'telephone', 'video', 'text']))
      .min(1)
      .optional(),
    outcomes: z
      .array(
        z.enum(['attended', 'participant_absent', 'on_leave', 'cancelled_by_participant', 'cancelled_by_provider']),
      )
      .min(1)
      .optional(),
  }),
  z.strictObject({ what: z.literal('discharge') }),
  z.strictObject({ what: z.literal('readmission') }),
  z.strictObject({ what: z.literal('follow_up') }),
  z.strictObject({ what: z.literal('opening') }),
  z.strictObject({
    what: z.literal('supervision'),
    kinds: z
      .array(z.enum(['group', 'individual', 'action_learning_set']))
      .min(1)
      .optional(),
  }),
  z.strictObject({ what: z.literal('team_preparation') }),
]);
export type Happening = z.infer<typeof Happening>;

/** Which participants a rule is about; `with_data` are those offered the intervention whose peer worker is known. */
export const Cohort = z.enum(['referred', 'randomised', 'offered', 'with_data']);
export type Cohort = z.infer<typeof Cohort>;

/**
 * While what a rule may hold: in a participant's intervention window, which begins with the index discharge, or while a
 * site delivers, from its opening on and as long as there is anybody to deliver to.
 */
export const Period = z.enum(['window', 'delivery']);
export type Period = z.infer<typeof Period>;

/** A number that changes as things happen; see the README for what each counts and of whom. */
export const LevelMeasure = z.enum(['engagement', 'fidelity', 'training_days', 'late_entries', 'missing_contact_data']);
export type LevelMeasure = z.infer<typeof LevelMeasure>;

/** How often something happens at a site. */
export const RateMeasure = z.enum(['contacts', 'community_meetings', 'referrals']);
export type RateMeasure = z.infer<typeof RateMeasure>;

/**
 * `expected` did not happen after one of `after` by the end of so many local days, the day of which it was after being day
 * 0. It is over when `expected` happens, or at the end of `during`.
 */
export const AbsenceCondition = z.strictObject({
  kind: z.literal('absence'),
  after: z.array(Happening).min(1).max(10),
  expected: Happening,
  withinDays: days,
  of: Cohort.optional(),
  during: Period.optional(),
});
export type AbsenceCondition = z.infer<typeof AbsenceCondition>;

/** `missing` had not happened when `before` did. It is over at the end of `during`. */
export const SequenceCondition = z.strictObject({
  kind: z.literal('sequence'),
  before: Happening,
  missing: Happening,
  of: Cohort.optional(),
  during: Period.optional(),
});
export type SequenceCondition = z.infer<typeof SequenceCondition>;

/** A measure is below, or above, a limit; at the limit is not beyond it. */
export const ThresholdCondition = z.strictObject({
  kind: z.literal('threshold'),
  measure: LevelMeasure,
  /** Of engagement; absent: `table`. */
  definition: id.optional(),
  direction: z.enum(['below', 'above']),
  limit: z.number(),
  /** What the measure must be made of at least, in its denominator, before it says anything. */
  atLeast: z.int().min(1).max(1_000_000).optional(),
});
export type ThresholdCondition = z.infer<typeof ThresholdCondition>;

/** In the last so many whole local days something happened less, or more, often by a factor than in as many days before. */
export const TrendCondition = z.strictObject({
  kind: z.literal('trend'),
  measure: RateMeasure,
  direction: z.enum(['falling', 'rising']),
  overDays: z.int().min(1).max(366),
  factor: z.number().gt(1).max(1_000),
  /** How often it must have happened in the longer-ago days (falling) or the later ones (rising) to say anything. */
  atLeast: z.int().min(1).max(1_000_000).optional(),
});
export type TrendCondition = z.infer<typeof TrendCondition>;

export const Condition = z.discriminatedUnion('kind', [
  AbsenceCondition,
  SequenceCondition,
  ThresholdCondition,
  TrendCondition,
]);
export type Condition = z.infer<typeof Condition>;

/** A rule as somebody writes it down. */
export const SignalRule = z.strictObject({
  rule: id,
  title: wordsUpTo(200),
  description: wordsUpTo(2_000).optional(),
  /** Where the limit comes from. */
  source: wordsUpTo(500).optional(),
  severity: Severity,
  /** A rule that is off raises nothing; its signals that stand are resolved. */
  enabled: z.boolean().default(true),
  condition: Condition,
  /** Nobody acknowledged a signal for so many days: it escalates by itself. */
  escalateAfterDays: z.int().min(1).max(365).optional(),
});
export type SignalRule = z.infer<typeof SignalRule>;

/** Whom or what signals of a rule are about. */
export type SubjectKind = 'participant' | 'site' | 'worker';

const ofSites: ReadonlySet<Happening['what']> = new Set(['opening', 'supervision', 'team_preparation']);

/** Whom a happening is of. */
export const subjectOfHappening = ({ what }: Happening): 'participant' | 'site' =>
  ofSites.has(what) ? 'site' : 'participant';

/** Whom or what signals of a condition are about. */
export function subjectKindOf(condition: Condition): SubjectKind {
  switch (condition.kind) {
    case 'absence':
      return subjectOfHappening(condition.expected);
    case 'sequence':
      return subjectOfHappening(condition.missing);
    case 'threshold':
      return condition.measure === 'training_days' ? 'worker' : 'site';
    case 'trend':
      return 'site';
    default:
      return condition satisfies never;
  }
}

/**
 * Who may learn of a signal: `open` is what is raised of all arms alike, so that with the arms swapped it would be the
 * same; everything else is about the `delivery` of the intervention, and sealed for whoever is blinded.
 */
export type RuleAudience = 'open' | 'delivery';

const ofAllArms: ReadonlySet<Happening['what']> = new Set([
  'referral',
  'randomisation',
  'discharge',
  'readmission',
  'follow_up',
]);

/** Whose a condition's signals are; what is not known to be of all arms alike is `delivery`. */
export function audienceOf(condition: Condition): RuleAudience {
  const open = (happenings: readonly Happening[], of: Cohort | undefined): RuleAudience =>
    happenings.every(({ what }) => ofAllArms.has(what)) && of !== 'offered' && of !== 'with_data' ? 'open' : 'delivery';
  switch (condition.kind) {
    case 'absence':
      return open([...condition.after, condition.expected], condition.of);
    case 'sequence':
      return open([condition.before, condition.missing], condition.of);
    case 'trend':
      return condition.measure === 'referrals' ? 'open' : 'delivery';
    case 'threshold':
      return 'delivery';
    default:
      return condition satisfies never;
  }
}
