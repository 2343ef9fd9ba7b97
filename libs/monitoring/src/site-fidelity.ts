import type { SiteRecordEvent } from '@cairn/delivery/events';
import type { Fact, Instant, Projection } from '@cairn/event-sourcing';
import type { Protocol } from '@cairn/registry/protocol';
import { mean, sum } from 'simple-statistics';
import { Temporal } from 'temporal-polyfill';
import { localDay } from './intervention-window.js';
import { amendedRecord } from './amended-record.js';
import { factsAt, isKnown, type Moment, type RecordedFact, withVoid } from './moment.js';
import { specimenId, specimensOf } from './specimen.js';

/** One rater's assessment of a site: a total, ratings of items, or both. */
export interface FidelityAssessment extends RecordedFact {
  readonly instrument: string;
  readonly rater: string;
  readonly total?: number;
  readonly items?: readonly { readonly item: string; readonly value: number }[];
}

/** What is on record about a site's fidelity, in the order of recording. */
export interface SiteAssessments {
  readonly assessments: readonly FidelityAssessment[];
}

type FoldedEvent = Extract<SiteRecordEvent, { type: (typeof foldedTypes)[number] }>;

const foldedTypes = ['FidelityAssessed', 'SiteRecordVoided', 'SiteRecordAmended'] as const;

const nothing: SiteAssessments = { assessments: [] };

function evolve({ assessments }: SiteAssessments, event: Fact<FoldedEvent>): SiteAssessments {
  switch (event.type) {
    case 'FidelityAssessed':
      return { assessments: [...assessments, assessmentOf(event)] };
    case 'SiteRecordVoided':
      return { assessments: withVoid(assessments, event.data.event, event.recordedAt) };
    case 'SiteRecordAmended': {
      const before = withVoid(assessments, event.data.event, event.recordedAt);
      const version = amendedRecord(event);
      return { assessments: version.type === 'FidelityAssessed' ? [...before, assessmentOf(version)] : before };
    }
    default:
      event satisfies never;
      return { assessments };
  }
}

const assessmentOf = ({
  id,
  occurredAt,
  recordedAt,
  data: { instrument, rater, total, items },
}: Fact<Extract<SiteRecordEvent, { type: 'FidelityAssessed' }>>): FidelityAssessment => ({
  event: id,
  occurredAt,
  recordedAt,
  instrument,
  rater,
  ...(total !== undefined && { total }),
  ...(items !== undefined && { items }),
});

const where = { trial: 'trial', site: 'site' };
const occurredAt = '1970-01-01T01:00:00+01:00';

/** One document for each site of a trial: scope is the trial, id the site. */
export const fidelityProjection: Projection<SiteAssessments, FoldedEvent> = {
  name: 'fidelity',
  version: 2,
  eventTypes: foldedTypes,
  keyOf: (event) => ({ scope: event.data.trial, id: event.data.site }),
  evolve: (document, event) => evolve(document ?? nothing, event),
  specimen: specimensOf<FoldedEvent>(
    { type: 'FidelityAssessed', data: { ...where, instrument: 'index', rater: 'first', total: 10.4 } },
    {
      type: 'FidelityAssessed',
      data: { ...where, instrument: 'index', rater: 'second', items: [{ item: 'item', value: 2 }] },
    },
    { type: 'SiteRecordVoided', data: { ...where, event: specimenId(0), reason: 'reason' } },
    { type: 'SiteRecordVoided', data: { ...where, event: specimenId(0), reason: 'again' } },
    { type: 'SiteRecordVoided', data: { ...where, event: specimenId(99), reason: 'of nothing' } },
    {
      type: 'SiteRecordAmended',
      data: {
        ...where,
        event: specimenId(1),
        reason: 'reason',
        record: {
          type: 'FidelityAssessed',
          occurredAt,
          data: { ...where, instrument: 'index', rater: 'second', items: [{ item: 'item', value: 3 }], total: 9 },
        },
      },
    },
    {
      type: 'SiteRecordAmended',
      data: {
        ...where,
        event: specimenId(99),
        reason: 'of a record of another kind',
        record: { type: 'TeamPreparationHeld', occurredAt, data: { ...where, session: 'session', ward: 'ward' } },
      },
    },
  ),
};

/** A site's fidelity at a moment. */
export interface SiteFidelity {
  /** On the instrument's own scale; higher is better. */
  readonly value: number;
  /** The calendar day of the assessments it is the mean of, ISO, in the trial's time zone. */
  readonly assessedOn: string;
  readonly raters: readonly string[];
  /** Assessed before the protocol's months of delivery at the site had passed: counts, but must be shown as early. */
  readonly early: boolean;
}

/** What a trial's protocol says about fidelity. */
export interface FidelityProtocol {
  readonly timeZone: string;
  readonly protocol: Pick<Protocol, 'fidelity'>;
}

/**
 * The mean over raters on the latest day on which the site was assessed with the trial's instrument; of a rater's several
 * assessments on that day the last one holds. An assessment of which no total can be made is left out.
 * @param openedOn the ISO day on which delivery began at the site, where known
 * @returns undefined when there is no such assessment
 */
export function siteFidelity(
  { assessments }: SiteAssessments,
  openedOn: string | undefined,
  { protocol, timeZone }: FidelityProtocol,
  moment: Moment,
): SiteFidelity | undefined {
  const instrument = protocol.fidelity;
  if (!instrument) return undefined;
  const totals = factsAt(assessments, moment)
    .filter((assessment) => assessment.instrument === instrument.instrument)
    .flatMap((assessment) => {
      const total = totalOf(assessment, instrument.itemAggregation);
      return total === undefined ? [] : [{ ...assessment, total, day: localDay(assessment.occurredAt, timeZone) }];
    })
    .sort((a, b) => a.occurredAt - b.occurredAt);
  const day = totals.at(-1)?.day;
  if (!day) return undefined;
  const byRater = new Map(totals.filter((each) => each.day.equals(day)).map((each) => [each.rater, each.total]));
  const months = instrument.notBeforeMonthsOfDelivery;
  return {
    value: mean([...byRater.values()]),
    assessedOn: day.toString(),
    raters: [...byRater.keys()].sort(),
    early:
      openedOn !== undefined &&
      months !== undefined &&
      Temporal.PlainDate.compare(day, Temporal.PlainDate.from(openedOn).add({ months })) < 0,
  };
}

/** A total that was given holds; items make one only where the protocol says how. */
function totalOf(
  { total, items }: FidelityAssessment,
  aggregation: NonNullable<Protocol['fidelity']>['itemAggregation'],
): number | undefined {
  if (total !== undefined) return total;
  if (aggregation === undefined || items === undefined || items.length === 0) return undefined;
  const values = items.map((rating) => rating.value);
  switch (aggregation) {
    case 'sum':
      return sum(values);
    case 'mean':
      return mean(values);
    default:
      aggregation satisfies never;
      return undefined;
  }
}

/**
 * The first instant after `asOf` at which a site's fidelity, as it is known, can become another through the passage of time alone; only an
 * assessment recorded with a later time makes one.
 */
export const nextAssessment = ({ assessments }: SiteAssessments, { asOf, knownAt }: Moment): Instant | undefined => {
  const later = assessments
    .filter((assessment) => isKnown(assessment, knownAt) && assessment.occurredAt > asOf)
    .map(({ occurredAt }) => occurredAt);
  return later.length === 0 ? undefined : Math.min(...later);
};
