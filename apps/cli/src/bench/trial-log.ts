import { type Append, EventCatalogue, streamName, uuidV5 } from '@cairn/event-sourcing';
import { type DeliveryEvent, deliveryEventTypes } from '@cairn/delivery';
import { type RegistryEvent, registryEventTypes } from '@cairn/registry';

/** What the log of a tenant with many trials is made of. */
export interface TrialLogPlan {
  /** Exactly so many events. */
  readonly events: number;
  readonly trials: number;
  readonly seed: number;
}

export const catalogue = new EventCatalogue([...registryEventTypes, ...deliveryEventTypes]);

export const trialId = (trial: number): string => `trial-${String(trial + 1).padStart(2, '0')}`;

const SITES = 7;
const WORKERS_PER_SITE = 6;
/** Events of a participant, and of the supervision that goes with one, on average. */
const EVENTS_PER_PARTICIPANT = 8.4;
const START = Date.UTC(2017, 0, 9, 9);
const DAY = 86_400_000;
const WEEKS_OF_RECRUITMENT = 75;
/** From referral to the end of the window. */
const WEEKS_OF_PARTICIPANT = 22;

/**
 * The history of so many trials as appends in the order of the weeks in which things happened, participants of all trials
 * side by side, in the mix of the ENRICH demo trial: half of the participants get a peer worker, a contact most weeks
 * for some and never for others, a supervision for every participant or so. The same plan gives the same appends.
 */
export function* trialLog(plan: TrialLogPlan): Generator<Append> {
  let left = plan.events;
  let command = 0;
  for (const [stream, all] of history(plan)) {
    if (left === 0) return;
    const events = all.slice(0, left).map((event) => catalogue.encode(event));
    left -= events.length;
    const commandId = uuidV5(`trial log ${plan.seed} ${command++}`);
    yield { stream, expected: 'any', commandId, actor: 'bench', events };
  }
  if (left > 0) throw new Error(`the history ended ${left} events early`);
}

export interface Allocated {
  readonly participant: string;
  readonly worker: string;
}

/** Participants of a trial who have a worker, some fifty of them. */
export function allocated(plan: TrialLogPlan, trial: string): Allocated[] {
  const found: Allocated[] = [];
  for (const { events } of trialLog(plan)) {
    for (const event of events) {
      if (event.type !== 'WorkerAllocated') continue;
      const { data } = catalogue.decode(event as never) as unknown as { data: Allocated & { trial: string } };
      if (data.trial === trial) found.push({ participant: data.participant, worker: data.worker });
    }
    if (found.length >= 50) break;
  }
  return found;
}

type History = Generator<readonly [stream: string, events: readonly (DeliveryEvent | RegistryEvent)[]]>;

function* history({ events, trials, seed }: TrialLogPlan): History {
  const trialIds = Array.from({ length: trials }, (_, trial) => trialId(trial));
  yield ['tenant', [{ type: 'TenantRegistered', occurredAt: START, data: { tenant: 'bench', name: 'Bench' } }]];
  for (const trial of trialIds) yield* setUp(trial);
  // A few more than needed: the plan says where to stop.
  const participants = Math.ceil(events / trials / EVENTS_PER_PARTICIPANT) + 20;
  for (let week = 0; week < WEEKS_OF_RECRUITMENT + WEEKS_OF_PARTICIPANT; week++) {
    for (let number = 0; number < participants; number++) {
      for (let trial = 0; trial < trials; trial++) {
        const own = dice(seed, trial, number, 0);
        const sinceReferral = week - Math.floor(own() * WEEKS_OF_RECRUITMENT);
        if (sinceReferral < 0 || sinceReferral >= WEEKS_OF_PARTICIPANT) continue;
        const id = `S${1 + (number % SITES)}-${String(number).padStart(5, '0')}`;
        const person: Person = {
          trial: trialIds[trial]!,
          participant: id,
          site: `S${1 + (number % SITES)}`,
          arm: own() < 0.5 ? 'peer_support' : 'care_as_usual',
          worker: own() < 0.91 ? workerId(number % SITES, Math.floor(own() * WORKERS_PER_SITE)) : undefined,
          eagerness: own(),
        };
        const happened = weekOf(
          person,
          sinceReferral,
          START + week * 7 * DAY,
          dice(seed, trial, number, 1 + sinceReferral),
        );
        if (happened.length > 0) yield [streamName(person.trial, 'participant', id), happened];
        if (sinceReferral === 1) yield supervision(person, number, START + week * 7 * DAY);
      }
    }
  }
}

interface Person {
  readonly trial: string;
  readonly participant: string;
  readonly site: string;
  readonly arm: string;
  readonly worker: string | undefined;
  readonly eagerness: number;
}

const workerId = (site: number, worker: number): string => `S${site + 1}PW${worker + 1}`;

function* setUp(trial: string): History {
  const roster: RegistryEvent[] = [
    {
      type: 'TrialRegistered',
      occurredAt: START,
      data: {
        trial,
        title: `Peer support for discharge, ${trial}`,
        timeZone: 'Europe/London',
        protocol: {
          arms: [
            { id: 'peer_support', intervention: true },
            { id: 'care_as_usual', intervention: false },
          ],
          strata: ['psychotic', 'other'],
          interventionWindow: { monthsAfterDischarge: 4 },
          followUpWithinDays: 7,
          trainingDays: 8,
          groupSupervisionEveryDays: 7,
          fidelity: { instrument: 'fidelity-index', minimum: 3, maximum: 12, notBeforeMonthsOfDelivery: 6 },
          engagementDefinitions: [],
        },
      },
    },
  ];
  for (let site = 0; site < SITES; site++) {
    roster.push({
      type: 'SiteRegistered',
      occurredAt: START,
      data: {
        trial,
        site: `S${site + 1}`,
        name: `Site ${site + 1}`,
        employerKind: site % 3 === 2 ? 'VOL' : 'NHS',
        employerName: `Trust ${site + 1}`,
        hostOrganisation: `Trust ${site + 1}`,
        localities: ['urban'],
      },
    });
    for (let worker = 0; worker < WORKERS_PER_SITE; worker++) {
      const data = { trial, worker: workerId(site, worker), site: `S${site + 1}`, role: 'peer_worker' } as const;
      roster.push({ type: 'WorkerRegistered', occurredAt: START, data });
    }
  }
  yield [streamName(trial, 'trial'), roster];
  for (let site = 0; site < SITES; site++) {
    const id = `S${site + 1}`;
    const assessedAt = START + 300 * DAY;
    yield [
      streamName(trial, 'site', id, 'fidelity', 'fidelity-index', 'R1', new Date(assessedAt).toISOString()),
      [
        {
          type: 'FidelityAssessed',
          occurredAt: assessedAt,
          data: { trial, site: id, instrument: 'fidelity-index', rater: 'R1', total: 8 + site / 2 },
        },
      ],
    ];
  }
}

/** What happened to a participant in one week, the first of them being that of the referral. */
function weekOf(person: Person, week: number, monday: number, roll: () => number): DeliveryEvent[] {
  const { trial, participant, arm } = person;
  const worker = arm === 'peer_support' ? person.worker : undefined;
  const who = { trial, participant };
  const at = (day: number): number => monday + Math.floor((day + roll() * 0.3) * 1_440) * 60_000;
  const contact = (type: 'WardContactRecorded' | 'CommunityMeetingRecorded'): DeliveryEvent[] => {
    if (worker === undefined) return [];
    const occurredAt = at(2 + Math.floor(roll() * 3));
    return [
      {
        type,
        occurredAt,
        data: {
          ...who,
          worker,
          contact: `C-${participant}-${week}`,
          mode: roll() < 0.9 ? 'face_to_face' : 'telephone',
          outcome: roll() < 0.93 ? 'attended' : 'participant_absent',
          minutes: 15 + Math.floor(roll() * 75),
          enteredAt: new Date(occurredAt + 2 * DAY).toISOString(),
        },
      },
    ];
  };
  if (week === 0) {
    return [
      { type: 'ParticipantReferred', occurredAt: at(0), data: { ...who, site: person.site } },
      { type: 'ParticipantRandomised', occurredAt: at(1), data: { ...who, arm, stratum: 'psychotic' } },
      ...(worker === undefined
        ? []
        : ([{ type: 'WorkerAllocated', occurredAt: at(2), data: { ...who, worker } }] as const)),
    ];
  }
  if (week === 1) return contact('WardContactRecorded');
  if (week === 2) {
    return [
      ...(roll() < 0.3 ? contact('WardContactRecorded') : []),
      { type: 'ParticipantDischarged', occurredAt: at(5), data: who },
    ];
  }
  const followUp: DeliveryEvent[] =
    week === 3 && roll() < 0.9 ? [{ type: 'FollowUpRecorded', occurredAt: at(1), data: who }] : [];
  const meeting = roll() < person.eagerness * 0.72 ? contact('CommunityMeetingRecorded') : [];
  const readmission: DeliveryEvent[] =
    week === 12 && roll() < 0.1 ? [{ type: 'ParticipantReadmitted', occurredAt: at(6), data: who }] : [];
  return [...followUp, ...meeting, ...readmission];
}

function supervision({ trial, site }: Person, number: number, monday: number): readonly [string, DeliveryEvent[]] {
  const id = `${site}-GS${number}`;
  return [
    streamName(trial, 'site', site, 'supervision', id),
    [
      {
        type: 'SupervisionHeld',
        occurredAt: monday + 5 * 3_600_000,
        data: {
          trial,
          site,
          supervision: id,
          kind: number % 4 === 0 ? 'individual' : 'group',
          facilitator: `${site}PWC`,
          attendees: [1, 2, 3, 4].map((worker) => `${site}PW${worker}`),
          minutes: 90,
        },
      },
    ],
  ];
}

/** Numbers in [0, 1) that depend on nothing but the seed's parts (mulberry32 over a mixed seed). */
export function dice(...parts: readonly number[]): () => number {
  let state = 0x9e3779b9;
  for (const part of parts) state = Math.imul(state ^ part, 0x85ebca6b) ^ (state >>> 13);
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
