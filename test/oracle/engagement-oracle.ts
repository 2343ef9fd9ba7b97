import { lastDay, localDay } from './calendar.js';

/*
 * The engagement table by brute force: at every question it starts from the records again, leaves out what had not
 * happened or was not recorded yet, and counts. Written from the rules, not from the product's code.
 */

/** Anything recorded: when it happened, when it was recorded, when its void was. */
export interface Recorded {
  at: number;
  recordedAt: number;
  voidedAt?: number;
}
/** Something recorded that was amended: the version in its place, recorded when this one was struck. */
export type Amendable<R extends Recorded> = R & { amended?: Amendable<R> };

/** All versions of a record, each struck by the next. */
export const versionsOf = <R extends Recorded>({ amended, ...version }: Amendable<R>): R[] => {
  const plain = version as unknown as R;
  return amended ? [{ ...plain, voidedAt: amended.recordedAt }, ...versionsOf(amended)] : [plain];
};

export interface OracleContact extends Recorded {
  setting: 'ward' | 'community';
  mode: 'face_to_face' | 'telephone' | 'video' | 'text';
  outcome: string;
}
export interface OracleParticipant {
  id: string;
  site: string;
  /** An amendment may refer to another site than `site`. */
  referral: Amendable<Recorded & { site?: string }>;
  randomisations: Amendable<Recorded & { arm: string }>[];
  allocations: Amendable<Recorded & { worker: string }>[];
  discharges: Amendable<Recorded>[];
  contacts: Amendable<OracleContact>[];
  withdrawals: Amendable<Recorded & { scope: 'intervention' | 'follow_up' | 'data_use' }>[];
}
export interface OracleAssessment extends Recorded {
  site: string;
  instrument: string;
  rater: string;
  total: number;
}
export interface OracleTrial {
  zone: string;
  window: { months: number } | { weeks: number };
  interventionArms: string[];
  sites: string[];
  participants: OracleParticipant[];
  assessments: Amendable<OracleAssessment>[];
  instrument: string | undefined;
}

export type OracleStatus = 'engaged' | 'not_yet' | 'not_engaged' | 'no_data' | 'not_offered';
/** Whether the contacts, all attended and within the window, make someone engaged who was discharged then. */
export type OracleDefinition = (contacts: OracleContact[], dischargedAt: number | undefined) => boolean;

const from = (dischargedAt: number | undefined, contact: OracleContact): boolean =>
  dischargedAt !== undefined && contact.at >= dischargedAt;

export const definitions: { table: OracleDefinition; text: OracleDefinition } = {
  table: (contacts, dischargedAt) => {
    const met = contacts.filter((contact) => contact.mode === 'face_to_face');
    return met.length >= 2 && met.some((contact) => contact.setting === 'community' && from(dischargedAt, contact));
  },
  text: (contacts, dischargedAt) => contacts.length >= 2 && contacts.some((contact) => from(dischargedAt, contact)),
};

export interface OracleRow {
  site: string;
  randomised: number;
  offered: number;
  withData: number;
  engaged: number;
  notYet: number;
  notEngaged: number;
  pctOfWithData: number | null;
  pctOfOffered: number | null;
  lower: number | null;
  upper: number | null;
}

export function oracleStatus(
  trial: OracleTrial,
  participant: OracleParticipant,
  engaged: OracleDefinition,
  asOf: number,
  knownAt = Infinity,
): { status: OracleStatus; engagedAt?: number } {
  const seen = <R extends Recorded>(records: Amendable<R>[]): R[] =>
    records
      .flatMap((record) => versionsOf<R>(record))
      .filter((r) => r.at <= asOf && r.recordedAt <= knownAt && !(r.voidedAt !== undefined && r.voidedAt <= knownAt))
      .sort((a, b) => a.at - b.at || a.recordedAt - b.recordedAt);
  const arm = seen(participant.randomisations)[0]?.arm;
  if (arm === undefined || !trial.interventionArms.includes(arm)) return { status: 'not_offered' };
  if (seen(participant.allocations).length === 0) return { status: 'no_data' };
  if (seen(participant.withdrawals).some((withdrawal) => withdrawal.scope === 'data_use')) return { status: 'no_data' };

  const dischargedAt = seen(participant.discharges)[0]?.at;
  const last = dischargedAt === undefined ? undefined : lastDay(localDay(dischargedAt, trial.zone), trial.window);
  const counting = seen(participant.contacts).filter(
    (contact) => contact.outcome === 'attended' && (last === undefined || localDay(contact.at, trial.zone) <= last),
  );
  for (const completing of counting) {
    if (
      engaged(
        counting.filter((contact) => contact.at <= completing.at),
        dischargedAt,
      )
    ) {
      return { status: 'engaged', engagedAt: completing.at };
    }
  }
  return { status: last !== undefined && localDay(asOf, trial.zone) > last ? 'not_engaged' : 'not_yet' };
}

/** Where a participant was known to be referred to; undefined when no referral was known to stand. */
export const siteKnownAt = ({ site, referral }: OracleParticipant, knownAt: number): string | undefined => {
  const known = versionsOf(referral).find(
    ({ recordedAt, voidedAt }) => recordedAt <= knownAt && !(voidedAt !== undefined && voidedAt <= knownAt),
  );
  return known && (known.site ?? site);
};

/** The table: a row for every site in site-id order, then one for all. */
export function oracleTable(
  trial: OracleTrial,
  engaged: OracleDefinition,
  asOf: number,
  knownAt = Infinity,
): OracleRow[] {
  const row = (label: string, of: string[]): OracleRow => {
    const there = trial.participants.filter((participant) => of.includes(siteKnownAt(participant, knownAt) ?? ''));
    const statuses = there.map((participant) => oracleStatus(trial, participant, engaged, asOf, knownAt).status);
    const number = (...wanted: OracleStatus[]): number => statuses.filter((status) => wanted.includes(status)).length;
    const percent = (part: number, whole: number): number | null => (whole === 0 ? null : (100 * part) / whole);
    const offered = number('engaged', 'not_yet', 'not_engaged', 'no_data');
    const withData = number('engaged', 'not_yet', 'not_engaged');
    return {
      site: label,
      randomised: there.filter((participant) =>
        participant.randomisations
          .flatMap(versionsOf)
          .some((r) => r.at <= asOf && r.recordedAt <= knownAt && !(r.voidedAt !== undefined && r.voidedAt <= knownAt)),
      ).length,
      offered,
      withData,
      engaged: number('engaged'),
      notYet: number('not_yet'),
      notEngaged: number('not_engaged'),
      pctOfWithData: percent(number('engaged'), withData),
      pctOfOffered: percent(number('engaged'), offered),
      lower: percent(number('engaged'), offered),
      upper: percent(number('engaged', 'no_data'), offered),
    };
  };
  const sites = [...trial.sites].sort();
  return [...sites.map((site) => row(site, [site])), row('all', sites)];
}

/** A site's fidelity: of the latest assessed day, the mean over raters of each one's last total. */
export function oracleFidelity(trial: OracleTrial, site: string, asOf: number, knownAt = Infinity): number | null {
  const seen = trial.assessments
    .flatMap(versionsOf)
    .filter(
      (a) =>
        a.site === site &&
        a.instrument === trial.instrument &&
        a.at <= asOf &&
        a.recordedAt <= knownAt &&
        !(a.voidedAt !== undefined && a.voidedAt <= knownAt),
    );
  const latest = seen
    .map((a) => localDay(a.at, trial.zone))
    .sort()
    .at(-1);
  const totals: Record<string, { at: number; total: number }> = {};
  for (const a of seen.filter((each) => localDay(each.at, trial.zone) === latest)) {
    if (!totals[a.rater] || a.at >= totals[a.rater]!.at) totals[a.rater] = a;
  }
  const values = Object.values(totals).map((a) => a.total);
  return values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length;
}
