import { defaultSiteClassCutPoints, LATE_AFTER_DAYS, type TrialTable } from '@cairn/monitoring';
import type { Protocol } from '@cairn/registry';
import type { OpenTable } from './report.js';

/** Limits whose crossing is a signal, in the order in which they are told. */
export const signalRules = [
  'engagement_low',
  'fidelity_low',
  'supervision_gap',
  'follow_up_overdue',
  'training_short',
  'late_entry',
] as const;
export type SignalRule = (typeof signalRules)[number];

/** A limit that is crossed, with its numbers. */
export interface Signal {
  readonly rule: SignalRule;
  /** The site, with the worker or the kind of record where it is about one. */
  readonly about: string;
  readonly site: string;
  readonly value: number;
  readonly unit: string;
  readonly limit: number;
  /** The value at the cut before; null where it was not a signal there. */
  readonly before: number | null;
  readonly isNew: boolean;
  /** With the counts that the value is made of. */
  readonly sentence: string;
}

/** What one cut shows beyond the cut before it. */
export interface SignalReport {
  /** The cut before; undefined where there is none. */
  readonly against: string | undefined;
  readonly raised: readonly Signal[];
  /** Limits that the protocol does not set. */
  readonly notChecked: readonly { readonly rule: SignalRule; readonly why: string }[];
}

/** What a cut is looked at with: its open tables and the protocol that was in force. */
export interface Looked {
  readonly cut: string;
  readonly tables: readonly OpenTable[];
  readonly protocol: Protocol;
}

type Crossed = Omit<Signal, 'before' | 'isNew'>;
type Row = TrialTable['rows'][number];

/** Which limits are crossed in a cut, and which of them were not in the one before. Open tables only, so no signal tells an arm. */
export function signalsOf(now: Looked, before: Looked | undefined): SignalReport {
  const known = new Map((before ? crossedIn(before) : []).map((signal) => [nameOf(signal), signal.value]));
  return {
    against: before?.cut,
    raised: crossedIn(now).map((signal) => {
      const earlier = known.get(nameOf(signal));
      return { ...signal, before: earlier ?? null, isNew: earlier === undefined };
    }),
    notChecked: notChecked(now.protocol),
  };
}

const nameOf = ({ rule, about }: Crossed): string => `${rule}\n${about}`;

const crossedIn = (look: Looked): readonly Crossed[] => [
  ...lowEngagement(look),
  ...lowFidelity(look),
  ...supervisionGaps(look),
  ...overdueFollowUps(look),
  ...shortTraining(look),
  ...lateEntry(look),
];

/** The definition that limits of engagement are about: every trial has it. */
export const REPORTED_DEFINITION = 'table';
/** The row of all sites. */
export const ALL_SITES = 'all';

/** Rows of single sites. */
const siteRows = ({ tables }: Looked, name: string): readonly Row[] =>
  tables.find(({ table }) => table === name)?.rows.filter(({ site }) => site !== ALL_SITES) ?? [];
const text = (value: Row[string] | undefined): string => String(value);
const percent = (value: number): string => `${value.toFixed(2)} %`;

const lowest = ({ protocol }: Looked) => (protocol.siteClasses ?? defaultSiteClassCutPoints).low;

/** Whoever is not engaged yet may still be: a site is low when it would be even with all of them. */
function lowEngagement(look: Looked): readonly Crossed[] {
  const limit = lowest(look).engagement;
  return siteRows(look, 'engagement').flatMap((row): Crossed[] => {
    const { definition, site, with_data: withData, engaged, not_yet: notYet } = row;
    if (definition !== REPORTED_DEFINITION || !isNumber(withData) || withData === 0) return [];
    const value = (100 * (Number(engaged) + Number(notYet))) / withData;
    if (value > limit) return [];
    const sentence = `${text(site)}: ${text(engaged)} of ${withData} with data engaged, ${text(notYet)} not yet; together ${percent(value)}, the limit is ${percent(limit)}.`;
    return [{ rule: 'engagement_low', about: text(site), site: text(site), value, unit: 'per cent', limit, sentence }];
  });
}

function lowFidelity(look: Looked): readonly Crossed[] {
  const limit = lowest(look).fidelity;
  return siteRows(look, 'fidelity').flatMap(({ site, fidelity: value, assessed_on: day }): Crossed[] => {
    if (!isNumber(value) || value > limit) return [];
    const sentence = `${text(site)}: fidelity ${value} on ${text(day)}, the limit is ${limit}.`;
    return [{ rule: 'fidelity_low', about: text(site), site: text(site), value, unit: 'points', limit, sentence }];
  });
}

function supervisionGaps(look: Looked): readonly Crossed[] {
  const limit = look.protocol.groupSupervisionEveryDays;
  if (limit === undefined) return [];
  return siteRows(look, 'supervision').flatMap(({ site, longest_gap: value }): Crossed[] => {
    if (!isNumber(value) || value <= limit) return [];
    const sentence = `${text(site)}: the longest time without group supervision is ${value} days, the protocol asks for it every ${limit}.`;
    return [{ rule: 'supervision_gap', about: text(site), site: text(site), value, unit: 'days', limit, sentence }];
  });
}

function overdueFollowUps(look: Looked): readonly Crossed[] {
  return siteRows(look, 'flow').flatMap(({ site, follow_up_missing: value, follow_up_due: due }): Crossed[] => {
    if (!isNumber(value) || value === 0) return [];
    const sentence = `${text(site)}: ${value} of ${text(due)} follow-ups due are not recorded.`;
    return [
      {
        rule: 'follow_up_overdue',
        about: text(site),
        site: text(site),
        value,
        unit: 'participants',
        limit: 0,
        sentence,
      },
    ];
  });
}

function shortTraining(look: Looked): readonly Crossed[] {
  return siteRows(look, 'training').flatMap(
    ({ site, worker, started, days: value, days_required: limit, complete }): Crossed[] => {
      if (complete !== false || started !== true || !isNumber(value) || !isNumber(limit)) return [];
      const about = `${text(site)}, worker ${text(worker)}`;
      const sentence = `${about}: ${value} of ${limit} days of training.`;
      return [{ rule: 'training_short', about, site: text(site), value, unit: 'days', limit, sentence }];
    },
  );
}

/** When one record in ten arrives later than what counts as late. */
function lateEntry(look: Looked): readonly Crossed[] {
  const limit = LATE_AFTER_DAYS * 24;
  return siteRows(look, 'currency').flatMap(({ kind, site, records, delay_p90: value }): Crossed[] => {
    if (!isNumber(value) || value <= limit) return [];
    const about = `${text(site)}, ${text(kind)}`;
    const sentence = `${about}: of ${text(records)} records one in ten or more came after ${Math.round(value)} hours or later, the limit is ${limit}.`;
    return [{ rule: 'late_entry', about, site: text(site), value, unit: 'hours', limit, sentence }];
  });
}

const isNumber = (value: Row[string] | undefined): value is number => typeof value === 'number';

function notChecked(protocol: Protocol): SignalReport['notChecked'] {
  const unless = (given: unknown, rule: SignalRule, why: string): SignalReport['notChecked'] =>
    given === undefined ? [{ rule, why: `the protocol ${why}` }] : [];
  return [
    ...unless(protocol.fidelity, 'fidelity_low', 'measures no fidelity'),
    ...unless(protocol.groupSupervisionEveryDays, 'supervision_gap', 'sets no time between group supervisions'),
    ...unless(protocol.followUpWithinDays, 'follow_up_overdue', 'asks for no follow-up'),
    ...unless(protocol.trainingDays, 'training_short', 'asks for no days of training'),
  ];
}
