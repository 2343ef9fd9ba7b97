import { formatInstant, type Instant } from '@cairn/event-sourcing';
import { between, type Chance, chanceOf, happens, oneOf } from './chance.js';
import { isoDay, type LocalDays, numberOfDay } from './local-days.js';
import type { SimulationPlan, SitePlan } from './plan.js';
import type { ContactRecord } from './records.js';

export const INTERVENTION_ARM = 'peer_support';
export const USUAL_ARM = 'care_as_usual';

/** From referral to randomisation, and from there to discharge, at most. */
export const DAYS_TO_DISCHARGE = 5 + 30;

/** What becomes of one participant. */
export interface SimulatedLife {
  readonly participant: string;
  readonly site: string;
  readonly arm: typeof INTERVENTION_ARM | typeof USUAL_ARM;
  readonly stratum: string | undefined;
  readonly referredAt: Instant;
  readonly randomisedAt: Instant;
  /** Allocated with the randomisation, where it is on record. */
  readonly worker: string | undefined;
  readonly dischargedAt: Instant;
  /** The first instant after the intervention window. */
  readonly closesAt: Instant;
  readonly followedUpAt: Instant | undefined;
  readonly withdrawnAt: Instant | undefined;
  readonly readmitted: { readonly at: Instant; readonly dischargedAt: Instant } | undefined;
  readonly contacts: readonly ContactRecord[];
}

/** Where a participant is in a plan. */
export interface Place {
  readonly plan: SimulationPlan;
  readonly site: SitePlan;
  /** Of the site in the plan, and of the participant at the site, both from 0. */
  readonly siteNumber: number;
  readonly number: number;
}

/** What chance is drawn for, so that a plan that differs in one thing gives a trial that differs in it only. */
const DRAWN = { course: 1, worker: 2, followUp: 3, withdrawal: 4, readmission: 5, contacts: 6, entries: 7, arm: 8 };

/** Randomised one to one in blocks of four at each site. */
const BLOCK = 4;

/** The life of one participant; it depends on the plan, the seed and the place alone. */
export function simulatedLife(place: Place, days: LocalDays): SimulatedLife {
  const { plan, site, siteNumber, number } = place;
  const draw = (what: keyof typeof DRAWN): Chance => chanceOf(plan.seed, siteNumber, number, DRAWN[what]);
  const participant = `${site.site}-${String(number + 1).padStart(5, '0')}`;
  const course = draw('course');
  const opened = openingDay(plan, site);
  const referral = opened + Math.floor(((number + course()) * 7) / site.recruitedPerWeek);
  const randomisation = referral + between(course, 1, 5);
  const discharge = randomisation + between(course, 3, 30);
  const stratum = plan.strata.length > 0 ? oneOf(course, plan.strata as [string, ...string[]]) : undefined;
  const dischargedAt = days.at(discharge, daytime(course));
  const close = closingDay(plan, discharge, days);
  const arm = armOf(place);
  const offered = arm === INTERVENTION_ARM;

  const allocating = draw('worker');
  const known = !happens(allocating, site.unknownWorkers);
  const worker = offered && known ? workerId(site, between(allocating, 1, site.peerWorkers)) : undefined;

  const withdrawal = draw('withdrawal');
  const withdraws = happens(withdrawal, site.withdrawals) && offered;
  const withdrawnAt = withdraws
    ? days.at(between(withdrawal, discharge + 1, close - 1), daytime(withdrawal))
    : undefined;

  return {
    participant,
    site: site.site,
    arm,
    stratum,
    referredAt: days.at(referral, daytime(course)),
    randomisedAt: days.at(randomisation, daytime(course)),
    worker,
    dischargedAt,
    closesAt: days.startOf(close),
    followedUpAt: followUp(draw('followUp'), site, discharge, plan.followUpWithinDays, days),
    withdrawnAt,
    readmitted: readmission(draw('readmission'), site, discharge, days),
    contacts:
      worker === undefined
        ? []
        : contacts(place, { participant, worker, randomisation, discharge, close, withdrawnAt }, draw, days),
  };
}

export const openingDay = (plan: SimulationPlan, site: SitePlan): number =>
  numberOfDay(plan.startsOn) + site.opensAfterDays;

export const workerId = ({ site }: SitePlan, number: number): string => `${site}PW${number}`;

/** The first day after the window. */
export const closingDay = ({ window }: SimulationPlan, discharge: number, days: LocalDays): number =>
  1 +
  ('weeksAfterDischarge' in window
    ? discharge + 7 * window.weeksAfterDischarge
    : days.monthsAfter(discharge, window.monthsAfterDischarge));

/** Minutes from the beginning of a day to some time of a working day. */
const daytime = (chance: Chance): number => 9 * 60 + 5 * between(chance, 0, 99);

function armOf({ plan, siteNumber, number }: Place): SimulatedLife['arm'] {
  const chance = chanceOf(plan.seed, siteNumber, Math.floor(number / BLOCK), DRAWN.arm);
  const order = Array.from({ length: BLOCK }, (_, place) => ({ offered: place % 2 === 0, by: chance() }));
  order.sort((a, b) => a.by - b.by);
  return order[number % BLOCK]!.offered ? INTERVENTION_ARM : USUAL_ARM;
}

function followUp(
  chance: Chance,
  site: SitePlan,
  discharge: number,
  within: number,
  days: LocalDays,
): Instant | undefined {
  const inTime = happens(chance, site.followedUp);
  const late = happens(chance, 0.5);
  if (inTime) return days.at(discharge + between(chance, 1, within), daytime(chance));
  return late ? days.at(discharge + within + between(chance, 1, 20), daytime(chance)) : undefined;
}

function readmission(chance: Chance, site: SitePlan, discharge: number, days: LocalDays): SimulatedLife['readmitted'] {
  if (!happens(chance, site.readmissions)) return undefined;
  const day = discharge + between(chance, 10, 350);
  return { at: days.at(day, daytime(chance)), dischargedAt: days.at(day + between(chance, 2, 40), daytime(chance)) };
}

interface Meeting {
  readonly participant: string;
  readonly worker: string;
  readonly randomisation: number;
  readonly discharge: number;
  readonly close: number;
  readonly withdrawnAt: Instant | undefined;
}

/** Attempts with somebody who does not keep meeting the worker. */
const ATTEMPTS = 3;

/** Contacts in the order of time. Who keeps meeting the worker is engaged by the definition `table`, who does not is not. */
function contacts(
  { plan, site }: Place,
  { participant, worker, randomisation, discharge, close, withdrawnAt }: Meeting,
  draw: (what: keyof typeof DRAWN) => Chance,
  days: LocalDays,
): readonly ContactRecord[] {
  const chance = draw('contacts');
  const entering = draw('entries');
  const found: ContactRecord[] = [];
  const keepsMeeting = happens(chance, site.engagement);
  const add = (type: ContactRecord['type'], day: number, attended: boolean, inPerson: boolean): void => {
    const occurredAt = days.at(day, daytime(chance));
    const outcome = attended
      ? 'attended'
      : oneOf(chance, ['participant_absent', 'on_leave', 'cancelled_by_participant', 'cancelled_by_provider'] as const);
    const mode = oneOf(chance, ['telephone', 'video', 'text'] as const);
    const minutes = 5 * between(chance, 3, 18);
    const enteredAt = formatInstant(entryOf(entering, site, day, occurredAt, days));
    if (withdrawnAt !== undefined && occurredAt >= withdrawnAt) return;
    found.push({
      type,
      occurredAt,
      data: {
        trial: plan.trial,
        participant,
        worker,
        contact: `${participant}-C${found.length + 1}`,
        mode: inPerson ? 'face_to_face' : mode,
        outcome,
        ...(attended && { minutes }),
        enteredAt,
      },
    });
  };
  if (happens(chance, site.wardContact)) {
    add('WardContactRecorded', between(chance, randomisation + 1, discharge - 1), true, true);
  }
  for (const { day, attended, inPerson } of meetings(chance, site, keepsMeeting, discharge, close)) {
    add('CommunityMeetingRecorded', day, attended, inPerson);
  }
  return found;
}

/** What is planned in the community, and what comes of it. */
function meetings(chance: Chance, site: SitePlan, keepsMeeting: boolean, discharge: number, close: number) {
  const planned: { readonly day: number; readonly attended: boolean; readonly inPerson: boolean }[] = [];
  const interval = 7 / site.contactsPerWeek;
  for (let meeting = 0; keepsMeeting || meeting < ATTEMPTS; meeting++) {
    const day = discharge + 1 + Math.floor((meeting + 0.6 * chance()) * interval);
    const attended = happens(chance, site.attendance);
    const inPerson = happens(chance, 0.9);
    if (day >= close) break;
    planned.push({ day, attended: keepsMeeting && attended, inPerson });
  }
  // Whoever keeps meeting a worker is engaged, whatever chance says.
  const met = planned.filter(({ attended, inPerson }) => attended && inPerson).length;
  return keepsMeeting && met < 2
    ? planned.map((each, meeting) => (meeting < 2 ? { ...each, attended: true, inPerson: true } : each))
    : planned;
}

/** When a contact is typed in. */
function entryOf(chance: Chance, site: SitePlan, day: number, occurredAt: Instant, days: LocalDays): Instant {
  const late = happens(chance, site.lateEntries.share);
  const after = late ? between(chance, 8, site.lateEntries.withinDays) : between(chance, 0, 3);
  return after === 0 ? occurredAt + 60_000 * between(chance, 5, 120) : days.at(day + after, daytime(chance));
}

/** Whether somebody is engaged by the definition `table`. */
export function isEngaged({ contacts, dischargedAt, closesAt }: SimulatedLife): boolean {
  const met = contacts.filter(
    ({ occurredAt, data }) => data.outcome === 'attended' && data.mode === 'face_to_face' && occurredAt < closesAt,
  );
  return (
    met.length > 1 &&
    met.some(({ type, occurredAt }) => type === 'CommunityMeetingRecorded' && occurredAt >= dischargedAt)
  );
}

/** The last day on which there can be anybody to deliver to at a site. */
export function lastDayOf(plan: SimulationPlan, site: SitePlan, days: LocalDays): number {
  return closingDay(plan, lastReferral(plan, site) + DAYS_TO_DISCHARGE, days);
}

/** The last day on which somebody can be referred. */
export const lastReferral = (plan: SimulationPlan, site: SitePlan): number =>
  openingDay(plan, site) + Math.ceil((site.participants * 7) / site.recruitedPerWeek);

export const recruitmentEnd = (plan: SimulationPlan): string =>
  isoDay(Math.max(...plan.sites.map((site) => lastReferral(plan, site) + 5)));
