import { z } from 'zod';
import { id, text } from './vocabulary.js';

/** Where a contact took place: while an inpatient, or outside. */
export const ContactSetting = z.enum(['ward', 'community']);
export type ContactSetting = z.infer<typeof ContactSetting>;

/** How it took place, in the words in which contacts are recorded. */
export const ContactMode = z.enum(['face_to_face', 'telephone', 'video', 'text']);

/**
 * One condition of an engagement definition: at least so many attended contacts of these modes and settings (absent: any),
 * perhaps only those at or after the index discharge.
 */
export const EngagementRequirement = z.object({
  atLeast: z.int().min(1).max(1_000),
  modes: z.array(ContactMode).min(1).optional(),
  settings: z.array(ContactSetting).min(1).optional(),
  fromDischarge: z.boolean().optional(),
});

/** What counts as engagement, as data: a participant is engaged once every requirement is met within the window. */
export const EngagementDefinition = z.object({
  id,
  title: text,
  description: text,
  source: text,
  requirements: z.array(EngagementRequirement).min(1).max(10),
});
export type EngagementDefinition = z.infer<typeof EngagementDefinition>;

/** How long after the index discharge contacts count: calendar months or weeks, one of the two. */
export const InterventionWindow = z.union([
  z.strictObject({ monthsAfterDischarge: z.int().min(1).max(60) }),
  z.strictObject({ weeksAfterDischarge: z.int().min(1).max(260) }),
]);
export type InterventionWindow = z.infer<typeof InterventionWindow>;

/** Which sites stand out; the reference paper gives no cut-points, so these are the trial's own. */
export const SiteClassCutPoints = z.object({
  /** High-high: fidelity and engagement (per cent of with data) both at or above. */
  high: z.object({ fidelity: z.number(), engagement: z.number().min(0).max(100) }),
  /** Low-low: both at or below. */
  low: z.object({ fidelity: z.number(), engagement: z.number().min(0).max(100) }),
  /** An externally studentised residual larger than this in size makes an outlier, which wins. */
  outlierResidual: z.number().positive(),
});
export type SiteClassCutPoints = z.infer<typeof SiteClassCutPoints>;

/** How fidelity is measured: the index of Gillard et al. 2021 has a site total in [3, 12]. */
export const FidelityInstrument = z
  .object({
    instrument: id,
    minimum: z.number(),
    maximum: z.number(),
    /** An assessment before so many months of delivery is accepted but flagged. */
    notBeforeMonthsOfDelivery: z.int().min(0).max(120).optional(),
    /** How item ratings make a total where none is given; absent: they make none. */
    itemAggregation: z.enum(['sum', 'mean']).optional(),
  })
  .refine((fidelity) => fidelity.minimum < fidelity.maximum, 'has no range');

/** What tells who somebody is, when it stands in a note. */
export const IdentifierKind = z.enum([
  'nhs_number',
  'email',
  'phone',
  'postcode',
  'date_of_birth',
  'bare_date',
  'hospital_number',
]);

/** What is refused in free text; see docs/erasure.md. */
export const FreeTextRules = z.object({
  /** Absent: all but dates that are nobody's birth. */
  refuse: z.array(IdentifierKind).max(20).optional(),
  /** How hospitals number their patients: `#` is a digit, `@` a letter, everything else itself in either case. */
  hospitalNumbers: z
    .array(z.string().regex(/^(?=.*[#@])[ -~]{2,40}$/, 'is no mask of a number'))
    .max(20)
    .optional(),
  /** Texts that are nobody's and pass, as the trial's own telephone number. */
  allow: z.array(text.max(100)).max(100).optional(),
});
export type FreeTextRules = z.infer<typeof FreeTextRules>;

/** A version of what the trial set out to do. */
export const Protocol = z.object({
  arms: z
    .array(z.object({ id, intervention: z.boolean() }))
    .min(1)
    .max(20),
  strata: z.array(id).max(100).default([]),
  interventionWindow: InterventionWindow,
  /** The clinical follow-up is due by the end of this day after the discharge. */
  followUpWithinDays: z.int().min(1).max(365).optional(),
  /** Days of training that a worker has before meeting participants; halves occur. */
  trainingDays: z.number().min(0).max(365).optional(),
  /** Group supervision is held at least once in so many days. */
  groupSupervisionEveryDays: z.int().min(1).max(365).optional(),
  fidelity: FidelityInstrument.optional(),
  /** Definitions beside `table` and `text`, which every trial has. */
  engagementDefinitions: z.array(EngagementDefinition).max(50).default([]),
  siteClasses: SiteClassCutPoints.optional(),
  freeText: FreeTextRules.optional(),
});
export type Protocol = z.infer<typeof Protocol>;
