import { OracleDays } from './signals-oracle-days.js';
import { type CauseAt, firstOf, isDelivering, siteNumbers, wasOffered } from './signals-oracle-sites.js';
import type { SignalPerson, SignalWorld } from './signals-oracle-world.js';

/*
 * The signals of the shipped rules by walking through time: at the start of every local day, and whenever something on
 * record happened, it is asked of everybody whether the condition holds now, given only what has happened by now. Written
 * from the words of the rules, not from the product's code.
 */

export interface OracleSignal {
  rule: string;
  /** As `participant P1`. */
  subject: string;
  from: number;
  /** Absent while nothing ends it. */
  until: number | undefined;
}

const DAY = 86_400_000;

export type Happened = { at: number };

export function oracleSignals(given: SignalWorld): OracleSignal[] {
  const { world, days, dayStarts } = timesOf(given);
  const allocations = world.people.flatMap((person) =>
    [...person.randomisations, ...person.allocations, ...person.withdrawals].map(({ at }) => at),
  );
  const trainings = world.trainings.map(({ at }) => at);
  const departures = world.workers.flatMap(({ endedAt }) => endedAt ?? []);
  return [
    ...world.people.flatMap((person) => {
      const times = inOrder([...dayStarts, ...instantsOfPerson(person)]);
      return Object.entries(ofPerson(world, person, days)).flatMap(([rule, cause]) =>
        walk(times, cause).map((each) => ({ rule, subject: `participant ${person.id}`, ...each })),
      );
    }),
    ...world.sites.flatMap((site) => {
      const here = world.people.filter((person) => person.site === site.id);
      const times = inOrder([
        ...dayStarts,
        ...here.flatMap(instantsOfPerson),
        ...[...world.supervisions, ...world.assessments].filter((each) => each.site === site.id).map(({ at }) => at),
      ]);
      const { ofSite, ofWorker, besideOthers } = siteNumbers(world, site, days);
      const rules = { supervision_gap: supervisionGap(world, site, days), ...ofSite };
      const subject = `site ${site.id}`;
      return [
        ...Object.entries(rules).flatMap(([rule, cause]) =>
          walk(times, cause).map((each) => ({ rule, subject, ...each })),
        ),
        ...walk(inOrder([...dayStarts, ...allocations]), besideOthers).map((each) => ({
          rule: 'missing_contact_data',
          subject,
          ...each,
        })),
        ...world.workers
          .filter((worker) => worker.site === site.id && worker.role === 'peer_worker')
          .flatMap((worker) =>
            walk(inOrder([...times, ...allocations, ...trainings, ...departures]), (now) =>
              ofWorker(worker.id, now),
            ).map((each) => ({
              rule: 'untrained_caseload',
              subject: `worker ${worker.id}`,
              ...each,
            })),
          ),
      ];
    }),
  ];
}

/** The world without those who are nobody's, and the local days to walk through. */
export function timesOf(given: SignalWorld): { world: SignalWorld; days: OracleDays; dayStarts: number[] } {
  // Who was referred to no site of the trial belongs to nobody.
  const world = { ...given, people: given.people.filter(({ site }) => given.sites.some(({ id }) => id === site)) };
  const instants = instantsOf(world);
  const longest = ('months' in world.window ? world.window.months * 31 : world.window.weeks * 7) + 120;
  const recruitment = world.recruitmentTo === undefined ? 0 : Date.parse(world.recruitmentTo);
  const opened = world.sites.flatMap(({ openedOn }) => (openedOn === undefined ? [] : [Date.parse(openedOn)]));
  const beginning = [...instants, ...opened].reduce((least, at) => Math.min(least, at), Infinity) - DAY;
  const end = [...instants, ...opened, recruitment].reduce((most, at) => Math.max(most, at), -Infinity) + longest * DAY;
  // Written out further than walked through: what is due must be found.
  const days = new OracleDays(world.zone, beginning - 70 * DAY, end + 60 * DAY);
  const dayStarts = days.starts.filter((start) => start >= beginning && start <= end);
  return { world, days, dayStarts };
}

/** From when to when for the same reason. */
export function walk(times: number[], causeAt: CauseAt): Pick<OracleSignal, 'from' | 'until'>[] {
  const found: Pick<OracleSignal, 'from' | 'until'>[] = [];
  let holding: { cause: string; from: number } | undefined;
  for (const now of times) {
    const cause = causeAt(now);
    if (holding && holding.cause !== cause) {
      found.push({ from: holding.from, until: now });
      holding = undefined;
    }
    if (!holding && cause !== undefined) holding = { cause, from: now };
  }
  if (holding) found.push({ from: holding.from, until: undefined });
  return found;
}

function ofPerson(world: SignalWorld, person: SignalPerson, days: OracleDays): Record<string, CauseAt> {
  const first = (records: Happened[], now: number): number | undefined => firstOf(records, now)?.at;
  const withdrawnFrom = (now: number, ...scopes: string[]): boolean =>
    person.withdrawals.some(({ at, scope }) => at <= now && scopes.includes(scope));
  const isOffered = (now: number): boolean =>
    wasOffered(world, person, now) && !withdrawnFrom(now, 'intervention', 'data_use');
  const isWithData = (now: number): boolean => isOffered(now) && first(person.allocations, now) !== undefined;
  const isInFollowUp = (now: number): boolean =>
    first(person.randomisations, now) !== undefined && !withdrawnFrom(now, 'follow_up', 'data_use');
  const isInWindow = (now: number): boolean => {
    const discharged = first(person.discharges, now);
    return discharged !== undefined && now < days.close(discharged, world.window);
  };
  const attended = (setting: string): Happened[] =>
    person.contacts.filter((contact) => contact.outcome === 'attended' && contact.setting === setting);
  const meetings = attended('community');
  const indexDischarge = (now: number): Happened[] => {
    const at = first(person.discharges, now);
    return at === undefined ? [] : [{ at }];
  };
  return {
    no_ward_contact: (now) => {
      const discharged = first(person.discharges, now);
      if (discharged === undefined || !isWithData(now) || !isInWindow(now)) return undefined;
      return attended('ward').some(({ at }) => at <= discharged) ? undefined : `${discharged}`;
    },
    no_meeting_after_discharge: (now) =>
      isWithData(now) && isInWindow(now) ? missing(now, indexDischarge(now), meetings, 7, days) : undefined,
    meeting_gap: (now) => (isWithData(now) && isInWindow(now) ? missing(now, meetings, meetings, 14, days) : undefined),
    follow_up_overdue: (now) =>
      isInFollowUp(now)
        ? missing(now, indexDischarge(now), person.followUps, world.limits.followUpDays, days)
        : undefined,
    worker_unknown: (now) =>
      isOffered(now) ? missing(now, person.randomisations, person.allocations, 3, days) : undefined,
  };
}

function supervisionGap(world: SignalWorld, site: SignalWorld['sites'][number], days: OracleDays): CauseAt {
  const groups = world.supervisions.filter((session) => session.site === site.id && session.kind === 'group');
  const opening = site.openedOn === undefined ? [] : [{ at: days.startOf(site.openedOn) }];
  return (now) =>
    isDelivering(world, site, days, now)
      ? missing(now, [...opening, ...groups], groups, world.limits.supervisionDays, days)
      : undefined;
}

/**
 * The anchor after which nothing of what was expected has happened although so many days are over: of several the first since
 * the last time that it happened. What happens together with an anchor comes after it, unless it is the anchor.
 */
export function missing(
  now: number,
  anchors: Happened[],
  expected: Happened[],
  within: number,
  days: OracleDays,
): string | undefined {
  let last = -Infinity;
  for (const { at } of expected) if (at <= now && at > last) last = at;
  const since = firstOf(
    anchors.filter((anchor) => anchor.at > last || (anchor.at === last && expected.includes(anchor))),
    now,
  )?.at;
  return since !== undefined && now >= days.after(since, within) ? `${since}` : undefined;
}

export const instantsOfPerson = (person: SignalPerson): number[] =>
  [
    ...person.referrals,
    ...person.randomisations,
    ...person.allocations,
    ...person.discharges,
    ...person.followUps,
    ...person.readmissions,
    ...person.withdrawals,
    ...person.contacts,
  ].map(({ at }) => at);

const instantsOf = (world: SignalWorld): number[] => [
  ...world.people.flatMap(instantsOfPerson),
  ...[...world.supervisions, ...world.preparations, ...world.trainings, ...world.assessments].map(({ at }) => at),
];

export const inOrder = (times: number[]): number[] => [...new Set(times)].sort((a, b) => a - b);
