import type { OracleDays } from './signals-oracle-days.js';
import type { SignalContact, SignalPerson, SignalWorld } from './signals-oracle-world.js';

type Site = SignalWorld['sites'][number];

/** Why a condition holds at an instant; undefined when it does not. */
export type CauseAt = (now: number) => string | undefined;

/** The earliest that has happened by now. */
export function firstOf<R extends { at: number }>(records: R[], now: number): R | undefined {
  let first: R | undefined;
  for (const record of records) if (record.at <= now && !(first && first.at <= record.at)) first = record;
  return first;
}

/** Whether somebody's first randomisation was to an arm with the intervention. */
export function wasOffered(world: SignalWorld, person: SignalPerson, now: number): boolean {
  const randomised = firstOf(person.randomisations, now);
  return randomised !== undefined && world.interventionArms.includes(randomised.arm);
}

/** Whether the intervention is delivered at a site: it has opened, and there is, or may come, somebody to deliver to. */
export function isDelivering(world: SignalWorld, site: Site, days: OracleDays, now: number): boolean {
  if (site.openedOn === undefined || now < days.startOf(site.openedOn)) return false;
  const recruiting =
    world.recruitmentTo === undefined || now < days.start(days.numberOf(days.startOf(world.recruitmentTo)) + 1);
  return recruiting || world.people.some((person) => person.site === site.id && isServed(world, person, days, now));
}

/** Offered, not withdrawn from the intervention, and not at the end of the window. */
const isServed = (world: SignalWorld, person: SignalPerson, days: OracleDays, now: number): boolean =>
  wasOffered(world, person, now) && !hasLeft(person, now) && !isOver(world, person, days, now);

const hasLeft = ({ withdrawals }: SignalPerson, now: number): boolean =>
  withdrawals.some(({ at, scope }) => at <= now && (scope === 'intervention' || scope === 'data_use'));

/** Of whom nothing counts any more. */
const mayNotBeCounted = ({ withdrawals }: SignalPerson, now: number): boolean =>
  withdrawals.some(({ at, scope }) => at <= now && scope === 'data_use');

function isOver(world: SignalWorld, person: SignalPerson, days: OracleDays, now: number): boolean {
  const discharged = firstOf(person.discharges, now);
  return discharged !== undefined && days.close(discharged.at, world.window) <= now;
}

/** The rules that look at a number of a site, and at a worker's days of training. */
export function siteNumbers(
  world: SignalWorld,
  site: Site,
  days: OracleDays,
): {
  ofSite: Record<string, CauseAt>;
  besideOthers: CauseAt;
  ofWorker: (worker: string, now: number) => string | undefined;
} {
  const here = world.people.filter((person) => person.site === site.id);
  const elsewhere = world.people.filter((person) => person.site !== site.id);
  const contactsAt = (now: number): SignalContact[] =>
    here.flatMap((person) => (mayNotBeCounted(person, now) ? [] : person.contacts));

  /** Attended contacts of so many whole days before today, after as many more. */
  const countOfDays = (now: number, from: number, to: number): number => {
    const today = days.numberOf(now);
    return contactsAt(now).filter(
      ({ at, outcome }) => outcome === 'attended' && at >= days.start(today - from) && at < days.start(today - to),
    ).length;
  };
  const withoutWorker = (people: SignalPerson[], now: number): { missing: number; of: number } => {
    const counts = { missing: 0, of: 0 };
    for (const person of people) {
      const randomised = firstOf(person.randomisations, now);
      if (randomised === undefined || days.numberOf(now) - days.numberOf(randomised.at) <= 14) continue;
      if (!world.interventionArms.includes(randomised.arm) || mayNotBeCounted(person, now)) continue;
      counts.of++;
      if (firstOf(person.allocations, now) === undefined) counts.missing++;
    }
    return counts;
  };

  return {
    ofSite: {
      engagement_low: (now) => {
        const closed = here.filter(
          (person) =>
            wasOffered(world, person, now) &&
            person.allocations.some(({ at }) => at <= now) &&
            !mayNotBeCounted(person, now) &&
            isOver(world, person, days, now),
        );
        const engaged = closed.filter((person) => {
          const discharged = firstOf(person.discharges, now)!.at;
          const met = person.contacts.filter(
            ({ at, mode, outcome }) =>
              outcome === 'attended' && mode === 'face_to_face' && at < days.close(discharged, world.window),
          );
          return met.length >= 2 && met.some(({ at, setting }) => setting === 'community' && at >= discharged);
        });
        if (closed.length < 5) return undefined;
        return (100 * engaged.length) / closed.length < world.limits.engagement ? 'low' : undefined;
      },
      fidelity_low: (now) => {
        const past = world.assessments.filter(
          (each) => each.site === site.id && each.instrument === world.instrument && each.at <= now,
        );
        if (past.length === 0) return undefined;
        const latest = Math.max(...past.map(({ at }) => days.numberOf(at)));
        const byRater = new Map<string, number>();
        for (const { at, rater, total } of past.sort((a, b) => a.at - b.at)) {
          if (days.numberOf(at) === latest) byRater.set(rater, total);
        }
        const mean = [...byRater.values()].reduce((sum, total) => sum + total, 0) / byRater.size;
        return mean < world.limits.fidelity ? 'low' : undefined;
      },
      late_entries: (now) => {
        const today = days.numberOf(now);
        const entered = contactsAt(now).filter(
          (contact) =>
            contact.at <= now && contact.entered >= days.start(today - 28) && contact.entered < days.start(today),
        );
        const late = entered.filter((contact) => days.numberOf(contact.entered) - days.numberOf(contact.at) > 7);
        return entered.length >= 10 && (100 * late.length) / entered.length > 20 ? 'late' : undefined;
      },
      contacts_falling: (now) => {
        if (!isDelivering(world, site, days, now)) return undefined;
        if (days.start(days.numberOf(now) - 56) < days.startOf(site.openedOn!)) return undefined;
        const before = countOfDays(now, 56, 28);
        return before >= 8 && countOfDays(now, 28, 0) < before / 2 ? 'falling' : undefined;
      },
    },
    besideOthers: (now) => {
      const [a, b] = [withoutWorker(here, now), withoutWorker(elsewhere, now)];
      if (a.of < 10 || b.of === 0) return undefined;
      const pooled = (a.missing + b.missing) / (a.of + b.of);
      const error = Math.sqrt(pooled * (1 - pooled) * (1 / a.of + 1 / b.of));
      return error > 0 && (a.missing / a.of - b.missing / b.of) / error > 3 ? 'missing' : undefined;
    },
    ofWorker: (worker, now) => {
      const { endedAt = Infinity } = world.workers.find(({ id }) => id === worker)!;
      const caseload =
        now < endedAt &&
        world.people.some((person) => workerOf(person, now) === worker && isServed(world, person, days, now));
      const trained = world.trainings
        .filter((each) => each.worker === worker && each.at <= now)
        .reduce((sum, each) => sum + each.days, 0);
      return caseload && trained < world.limits.trainingDays ? 'untrained' : undefined;
    },
  };
}

/** Whoever somebody was allocated to last. */
const workerOf = ({ allocations }: SignalPerson, now: number): string | undefined =>
  allocations
    .filter(({ at }) => at <= now)
    .sort((a, b) => a.at - b.at)
    .at(-1)?.worker;
