import type { Instant } from '@cairn/event-sourcing';
import { earliestOf, ofType, type RecordVersion, type VersionOf } from '../record-versions.js';
import type { TrialSetting } from '../trial-setting.js';
import { type TrialFacts, versionsOf } from './trial-facts.js';

/** The turning points of a participant as rules know them, each the earliest of its kind. */
export interface ParticipantStanding {
  /** Of the earliest referral. */
  readonly site: string;
  readonly referredAt: Instant;
  readonly randomised: VersionOf<'ParticipantRandomised'> | undefined;
  /** Whether that was to an intervention arm. */
  readonly intervention: boolean;
  readonly allocatedAt: Instant | undefined;
  /** The index discharge. */
  readonly dischargedAt: Instant | undefined;
  /** The first instant at which the intervention window is closed. */
  readonly windowClosesAt: Instant | undefined;
  readonly withdrawnAt: Readonly<Record<'intervention' | 'follow_up' | 'data_use', Instant | undefined>>;
}

/** What was worked out of versions that have not changed since; lists of versions are never changed, but replaced. */
const known = new WeakMap<
  readonly RecordVersion[],
  { readonly setting: TrialSetting; readonly standing: ParticipantStanding | undefined }
>();

/** A participant's standing; undefined when no referral to a site of the register stands. */
export function participantStanding(facts: TrialFacts, participant: string): ParticipantStanding | undefined {
  const versions = versionsOf(facts, { kind: 'participant', id: participant });
  const before = known.get(versions);
  if (before?.setting === facts.setting) return before.standing;
  const standing = standingOf(versions, facts.setting);
  known.set(versions, { setting: facts.setting, standing });
  return standing;
}

function standingOf(
  versions: readonly RecordVersion[],
  { sites, protocol, calendar }: TrialSetting,
): ParticipantStanding | undefined {
  const referred = earliestOf(ofType(versions, 'ParticipantReferred'));
  if (referred === undefined || !sites.has(referred.data.site)) return undefined;
  const randomised = earliestOf(ofType(versions, 'ParticipantRandomised'));
  const dischargedAt = earliestOf(ofType(versions, 'ParticipantDischarged'))?.occurredAt;
  const withdrawals = ofType(versions, 'ParticipantWithdrawn');
  const withdrawn = (scope: string): Instant | undefined =>
    earliestOf(withdrawals.filter(({ data }) => data.scope === scope))?.occurredAt;
  const window = protocol.interventionWindow;
  const term =
    'weeksAfterDischarge' in window
      ? { days: 7 * window.weeksAfterDischarge }
      : { months: window.monthsAfterDischarge };
  return {
    site: referred.data.site,
    referredAt: referred.occurredAt,
    randomised,
    intervention: protocol.arms.some(({ id, intervention }) => intervention && id === randomised?.data.arm),
    allocatedAt: earliestOf(ofType(versions, 'WorkerAllocated'))?.occurredAt,
    dischargedAt,
    windowClosesAt: dischargedAt === undefined ? undefined : calendar.endOfTerm(dischargedAt, term),
    withdrawnAt: {
      intervention: withdrawn('intervention'),
      follow_up: withdrawn('follow_up'),
      data_use: withdrawn('data_use'),
    },
  };
}

/** What was worked out of facts as they were in one revision. */
const grouped = new WeakMap<
  TrialFacts,
  { readonly revision: number; readonly bySite: ReadonlyMap<string, readonly string[]> }
>();

/** The participants of each site, by site. */
export function participantsBySite(facts: TrialFacts): ReadonlyMap<string, readonly string[]> {
  const { revision = 0 } = facts;
  const before = grouped.get(facts);
  if (before?.revision === revision) return before.bySite;
  const participants = [...facts.units.values()].filter(({ kind }) => kind === 'participant');
  const sites = Map.groupBy(participants, ({ id }) => participantStanding(facts, id)?.site ?? '');
  const bySite = new Map([...sites].map(([site, units]) => [site, units.map(({ id }) => id)]));
  grouped.set(facts, { revision, bySite });
  return bySite;
}
