import type { Instant } from '@cairn/event-sourcing';
import type { Happening } from '@cairn/signals/rule';
import { Temporal } from 'temporal-polyfill';
import type { RecordVersion } from '../record-versions.js';
import type { TrialUnit } from '../trial-units.js';
import { type TrialFacts, versionsOf } from './trial-facts.js';

/** That something which a rule looks for occurred. */
export interface Occurrence {
  readonly at: Instant;
  /** Id of the record in its first version; `opening` of a site's opening, which is on the register. */
  readonly record: string;
  /** Id of the event that holds the version that stands; undefined of an opening. */
  readonly event: string | undefined;
}

/**
 * When something occurred of a participant or a site, the earliest first, of the same instant by the record's id. Of
 * referrals, randomisations and discharges only the first is one: more of them on record are an error in it.
 */
export function occurrences(happening: Happening, unit: TrialUnit, facts: TrialFacts): readonly Occurrence[] {
  if (happening.what === 'opening') return openingOf(unit, facts);
  const found = versionsOf(facts, unit)
    .filter((version) => isOne(version, happening))
    .map(({ occurredAt, record, event }): Occurrence => ({ at: occurredAt, record, event }))
    .sort(byTime);
  return onlyTheFirst.has(happening.what) ? found.slice(0, 1) : found;
}

const onlyTheFirst: ReadonlySet<Happening['what']> = new Set(['referral', 'randomisation', 'discharge']);

export const byTime = (a: Occurrence, b: Occurrence): number =>
  a.at - b.at || (a.record < b.record ? -1 : Number(a.record > b.record));

function openingOf({ kind, id }: TrialUnit, { setting }: TrialFacts): readonly Occurrence[] {
  const openedOn = kind === 'site' ? setting.sites.get(id)?.openedOn : undefined;
  if (openedOn === undefined) return [];
  return [{ at: setting.calendar.startOf(Temporal.PlainDate.from(openedOn)), record: 'opening', event: undefined }];
}

function isOne(version: RecordVersion, happening: Exclude<Happening, { what: 'opening' }>): boolean {
  switch (happening.what) {
    case 'referral':
      return version.type === 'ParticipantReferred';
    case 'randomisation':
      return version.type === 'ParticipantRandomised';
    case 'allocation':
      return version.type === 'WorkerAllocated';
    case 'discharge':
      return version.type === 'ParticipantDischarged';
    case 'readmission':
      return version.type === 'ParticipantReadmitted';
    case 'follow_up':
      return version.type === 'FollowUpRecorded';
    case 'team_preparation':
      return version.type === 'TeamPreparationHeld';
    case 'supervision':
      return version.type === 'SupervisionHeld' && isAmong(version.data.kind, happening.kinds);
    case 'contact': {
      if (version.type !== 'WardContactRecorded' && version.type !== 'CommunityMeetingRecorded') return false;
      const { mode, outcome } = version.data;
      const setting = version.type === 'WardContactRecorded' ? 'ward' : 'community';
      const { settings, modes, outcomes = ['attended'] } = happening;
      return isAmong(setting, settings) && isAmong(mode, modes) && isAmong(outcome, outcomes);
    }
    default:
      return happening satisfies never;
  }
}

const isAmong = <T>(value: T, wanted: readonly T[] | undefined): boolean => wanted?.includes(value) ?? true;
