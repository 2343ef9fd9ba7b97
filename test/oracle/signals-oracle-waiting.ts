import type { AbsenceCondition, Happening, SequenceCondition } from '@cairn/signals';
import {
  type Happened,
  inOrder,
  instantsOfPerson,
  missing,
  type OracleSignal,
  timesOf,
  walk,
} from './signals-oracle.js';
import type { OracleDays } from './signals-oracle-days.js';
import { firstOf, isDelivering, wasOffered } from './signals-oracle-sites.js';
import type { SignalPerson, SignalWorld } from './signals-oracle-world.js';

/** The signals of any rule that waits for something, or finds it missing, by walking through time. */
export function waitingSignals(
  given: SignalWorld,
  rule: string,
  condition: AbsenceCondition | SequenceCondition,
): OracleSignal[] {
  const { world, days, dayStarts } = timesOf(given);
  const awaited = condition.kind === 'absence' ? condition.expected : condition.missing;
  const ofSites = awaited.what === 'supervision' || awaited.what === 'team_preparation';
  /** @param happened what of a kind has happened by now */
  const causeAt = (now: number, mayHold: boolean, happened: (what: Happening) => Happened[]): string | undefined => {
    if (!mayHold) return undefined;
    if (condition.kind === 'absence') {
      const expected = happened(condition.expected);
      // What two of the happenings mean is there once.
      return missing(now, [...new Set(condition.after.flatMap(happened))], expected, condition.withinDays, days);
    }
    const before = firstOf(happened(condition.before), now)?.at;
    if (before === undefined || happened(condition.missing).some(({ at }) => at <= before)) return undefined;
    return `${before}`;
  };
  if (!ofSites) {
    return world.people.flatMap((person) =>
      walk(inOrder([...dayStarts, ...instantsOfPerson(person)]), (now) =>
        causeAt(now, isMember(world, person, days, condition, awaited, now), (what) => ofPerson(person, what, now)),
      ).map((each) => ({ rule, subject: `participant ${person.id}`, ...each })),
    );
  }
  return world.sites.flatMap((site) => {
    const here = world.people.filter((person) => person.site === site.id);
    const opening = site.openedOn === undefined ? [] : [{ at: days.startOf(site.openedOn) }];
    const records = [...world.supervisions, ...world.preparations].filter((each) => each.site === site.id);
    const happened = (what: Happening, now: number): Happened[] => {
      if (what.what === 'opening') return opening.filter(({ at }) => at <= now);
      const kinds = what.what === 'supervision' ? what.kinds : undefined;
      const all = what.what === 'supervision' ? world.supervisions : world.preparations;
      return all.filter(
        (each) =>
          each.site === site.id &&
          each.at <= now &&
          (!kinds || ('kind' in each && kinds.includes(each.kind as 'group'))),
      );
    };
    const times = inOrder([...dayStarts, ...here.flatMap(instantsOfPerson), ...records.map(({ at }) => at)]);
    return walk(times, (now) =>
      causeAt(now, condition.during === undefined || isDelivering(world, site, days, now), (what) =>
        happened(what, now),
      ),
    ).map((each) => ({ rule, subject: `site ${site.id}`, ...each }));
  });
}

function isMember(
  world: SignalWorld,
  person: SignalPerson,
  days: OracleDays,
  { of = 'referred', during }: AbsenceCondition | SequenceCondition,
  awaited: Happening,
  now: number,
): boolean {
  const from = awaited.what === 'contact' || awaited.what === 'allocation' ? 'intervention' : 'follow_up';
  const left = person.withdrawals.some(({ at, scope }) => at <= now && (scope === from || scope === 'data_use'));
  if (left || !firstOf(person.referrals, now)) return false;
  if (of !== 'referred' && !firstOf(person.randomisations, now)) return false;
  if ((of === 'offered' || of === 'with_data') && !wasOffered(world, person, now)) return false;
  if (of === 'with_data' && !firstOf(person.allocations, now)) return false;
  if (during === undefined) return true;
  const discharged = firstOf(person.discharges, now);
  return discharged !== undefined && now < days.close(discharged.at, world.window);
}

/** Only the first referral, randomisation and discharge are one. */
function ofPerson(person: SignalPerson, what: Happening, now: number): Happened[] {
  const first = (records: Happened[]): Happened[] => {
    const found = firstOf(records, now);
    return found ? [found] : [];
  };
  const past = (records: Happened[]): Happened[] => records.filter(({ at }) => at <= now);
  switch (what.what) {
    case 'referral':
      return first(person.referrals);
    case 'randomisation':
      return first(person.randomisations);
    case 'discharge':
      return first(person.discharges);
    case 'allocation':
      return past(person.allocations);
    case 'readmission':
      return past(person.readmissions);
    case 'follow_up':
      return past(person.followUps);
    case 'contact':
      return past(
        person.contacts.filter(
          ({ setting, mode, outcome }) =>
            (what.settings ?? [setting]).includes(setting as 'ward') &&
            (what.modes ?? [mode]).includes(mode as 'text') &&
            (what.outcomes ?? ['attended']).includes(outcome as 'attended'),
        ),
      );
    default:
      throw new Error(`${what.what} is not of a participant`);
  }
}
