import type { DeliveryEvent, ParticipantEvent, SiteRecordEvent, TrainingEvent } from '@cairn/delivery/events';
import type { Fact } from '@cairn/event-sourcing';
import type { CutMoment, RegisterStep, TrialRegister } from '@cairn/monitoring';
import { Protocol } from '@cairn/registry/protocol';
import { endOfDay, lastDay, localDay } from './calendar.js';
import { clocks, DAY, HOUR } from './random-trial.js';

/*
 * Logs of small trials by chance, with everything that sites record: late, amended, void, around the turns of the clocks,
 * at the edges of windows, with sites, workers and protocols that come later. A number gives the same log each time.
 */

export interface RandomLog {
  readonly events: readonly Fact<DeliveryEvent>[];
  readonly registers: readonly RegisterStep[];
  /** Moments near something that matters. */
  readonly moments: readonly CutMoment[];
}

type Chance = () => number;

/** Mulberry32. */
export function chanceOf(seed: number): Chance {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** Draws from one source of chance. */
export class Draw {
  constructor(private readonly chance: Chance) {}
  of<T>(values: readonly T[]): T {
    return values[Math.floor(this.chance() * values.length)]!;
  }
  int(low: number, high: number): number {
    return low + Math.floor(this.chance() * (high - low + 1));
  }
  is(probability: number): boolean {
    return this.chance() < probability;
  }
}

interface Recorded {
  readonly id: string;
  readonly type: string;
  readonly occurredAt: number;
  readonly recordedAt: number;
  readonly data: object;
}
type Entry = Recorded | { readonly register: TrialRegister; readonly id: string; readonly recordedAt: number };

const uuid = (number: number): string => `00000000-0000-4000-8000-${number.toString(16).padStart(12, '0')}`;

export function randomLog(seed: number): RandomLog {
  const draw = new Draw(chanceOf(seed));
  const [timeZone, turnText] = draw.of(clocks);
  const turn = Date.parse(turnText);
  const entries: Entry[] = [];
  let ids = 0;
  const nextId = (): string => uuid(ids++);

  const protocolOf = (): Protocol => ({
    arms: ['support', 'peers', 'usual'].map((id) => ({ id, intervention: id !== 'usual' })),
    strata: [],
    interventionWindow: draw.is(0.5)
      ? { monthsAfterDischarge: draw.int(1, 5) }
      : { weeksAfterDischarge: draw.int(1, 20) },
    ...(draw.is(0.8) && { followUpWithinDays: draw.int(1, 9) }),
    ...(draw.is(0.7) && { trainingDays: draw.int(1, 3) }),
    ...(draw.is(0.7) && { groupSupervisionEveryDays: draw.int(1, 12) }),
    ...(draw.is(0.8) && {
      fidelity: {
        instrument: draw.of(['index', 'index', 'other']),
        minimum: 3,
        maximum: 12,
        ...(draw.is(0.7) && { notBeforeMonthsOfDelivery: draw.int(0, 7) }),
        ...(draw.is(0.5) && { itemAggregation: draw.of(['sum', 'mean'] as const) }),
      },
    }),
    engagementDefinitions: draw.is(0.5) ? [ownDefinition] : [],
  });
  const anyTime = (): number => turn + draw.int(-230 * 24, 40 * 24) * HOUR;
  const openedOn = (): string => localDay(turn - draw.int(0, 220) * DAY, timeZone);

  // The register: some of it later than what it is about.
  const protocols = [{ version: 1, occurredAt: turn - 400 * DAY, protocol: Protocol.parse(protocolOf()) }];
  const sites = ['S1', 'S10', 'S2', 'all'].map((site) => ({ site, ...(draw.is(0.8) && { openedOn: openedOn() }) }));
  const workers = ['W1', 'W2', 'W3'].map((worker, index) => ({
    worker,
    site: draw.of(['S1', 'S10', 'S2']),
    role: index === 2 ? ('coordinator' as const) : ('peer_worker' as const),
    ...(draw.is(0.5) && { startedAt: new Date(anyTime()).toISOString() }),
  }));
  const register = (): TrialRegister => ({ timeZone, protocols: [], sites: [], workers: [] });
  const registrations: { readonly add: (to: TrialRegister) => TrialRegister; readonly recordedAt: number }[] = [
    { add: (to) => ({ ...to, protocols }), recordedAt: turn - 400 * DAY },
    ...sites.map((site) => ({
      add: (to: TrialRegister) => ({ ...to, sites: [...to.sites, site] }),
      recordedAt: draw.is(0.8) ? turn - 399 * DAY : anyTime(),
    })),
    ...workers.map((worker) => ({
      add: (to: TrialRegister) => ({ ...to, workers: [...to.workers, worker] }),
      recordedAt: draw.is(0.7) ? turn - 398 * DAY : anyTime(),
    })),
  ];
  if (draw.is(0.4)) {
    const occurredAt = anyTime();
    const second = { version: 2, occurredAt, protocol: Protocol.parse(protocolOf()) };
    registrations.push({
      add: (to) => ({ ...to, protocols: [...to.protocols, second] }),
      recordedAt: occurredAt + draw.int(0, 100) * HOUR,
    });
  }
  if (draw.is(0.3)) {
    const corrected = { site: 'S1', openedOn: openedOn() };
    registrations.push({
      add: (to) => ({ ...to, sites: to.sites.map((site) => (site.site === 'S1' ? corrected : site)) }),
      recordedAt: anyTime(),
    });
  }
  let current = register();
  for (const { add, recordedAt } of registrations.sort((a, b) => a.recordedAt - b.recordedAt)) {
    current = add(current);
    entries.push({ register: current, id: nextId(), recordedAt });
  }

  /** Records something, perhaps late, and perhaps corrects it. */
  const record = (
    who: object,
    names: { readonly voided: string; readonly amended: string },
    make: () => { readonly type: string; readonly occurredAt: number; readonly data: object },
  ): void => {
    let version = make();
    let id = nextId();
    let recordedAt = version.occurredAt + (draw.is(0.3) ? draw.int(0, 60 * 24) : draw.int(0, 48)) * HOUR;
    entries.push({ id, ...version, recordedAt });
    for (let corrections = 0; corrections < 3 && draw.is(0.3); corrections++) {
      recordedAt += draw.int(1, 40 * 24) * HOUR;
      const strike = { ...who, event: id, reason: 'entered in error' };
      id = nextId();
      if (draw.is(0.5)) {
        entries.push({ id, type: names.voided, occurredAt: recordedAt, recordedAt, data: strike });
        return;
      }
      const { type } = version;
      version = { ...make(), type };
      const occurredAt = new Date(version.occurredAt).toISOString();
      const amended = { type, occurredAt, data: version.data };
      entries.push({
        id,
        type: names.amended,
        occurredAt: recordedAt,
        recordedAt,
        data: { ...strike, record: amended },
      });
    }
  };

  const windows = protocols.map(({ protocol }) => protocol.interventionWindow);
  const participants = draw.int(2, 9);
  for (let index = 0; index < participants; index++) {
    const who = { trial: 'trial', participant: `P${index}` };
    const names = { voided: 'ParticipantRecordVoided', amended: 'ParticipantRecordAmended' };
    const add = (type: string, occurredAt: () => number, data: () => object = () => ({})): void =>
      record(who, names, () => ({ type, occurredAt: occurredAt(), data: { ...who, ...data() } }));
    const early = (): number => turn + draw.int(-400 * 24, -150 * 24) * HOUR;
    add('ParticipantReferred', early, () => ({ site: draw.of(['S1', 'S1', 'S2', 'S10', 'all']) }));
    for (let n = draw.of([0, 1, 1, 1, 2]); n > 0; n--) {
      add('ParticipantRandomised', early, () => ({
        arm: draw.of(['support', 'support', 'peers', 'usual']),
        ...(draw.is(0.5) && { stratum: draw.of(['A', 'B']) }),
      }));
    }
    for (let n = draw.of([0, 1, 1, 1, 1, 2]); n > 0; n--) {
      add(
        'WorkerAllocated',
        () => (draw.is(0.5) ? early() : anyTime()),
        () => ({ worker: draw.of(['W1', 'W2']) }),
      );
    }
    // Of a discharge, something comes to an end near the turn of the clocks.
    const window = draw.of(windows);
    const term = draw.of([
      365 * DAY,
      7 * DAY,
      ('weeksAfterDischarge' in window ? window.weeksAfterDischarge * 7 : window.monthsAfterDischarge * 30.4) * DAY,
      60 * DAY,
    ]);
    const dischargedAt = (): number =>
      Math.round((turn - term + draw.int(-2 * 1440, 2 * 1440) * 60_000) / 60_000) * 60_000;
    const discharge = dischargedAt();
    for (let n = draw.of([0, 1, 1, 1, 2]); n > 0; n--) {
      add('ParticipantDischarged', () => (draw.is(0.7) ? discharge : dischargedAt()));
    }
    const day = localDay(discharge, timeZone);
    const edges = [
      discharge,
      endOfDay(lastDay(day, { months: 12 }), timeZone),
      endOfDay(
        lastDay(
          day,
          'weeksAfterDischarge' in window
            ? { weeks: window.weeksAfterDischarge }
            : { months: window.monthsAfterDischarge },
        ),
        timeZone,
      ),
    ];
    const edge = (): number =>
      draw.is(0.5) ? draw.of(edges) + draw.of([-60_000, -1, 0, 1, 60_000]) : discharge + draw.int(-200, 2_000) * HOUR;
    for (let n = draw.int(0, 8); n > 0; n--) {
      add(draw.of(['WardContactRecorded', 'CommunityMeetingRecorded']), edge, () => ({
        worker: 'W1',
        contact: `C${n}`,
        mode: draw.of(['face_to_face', 'face_to_face', 'telephone', 'video', 'text']),
        outcome: draw.of(['attended', 'attended', 'attended', 'on_leave']),
      }));
    }
    for (let n = draw.of([0, 0, 1, 2]); n > 0; n--) add('ParticipantReadmitted', edge);
    for (let n = draw.of([0, 1, 1, 2]); n > 0; n--) {
      add('FollowUpRecorded', () => discharge + draw.int(-24, 14 * 24) * HOUR + draw.of([-1, 0, 1]));
    }
    if (draw.is(0.5)) {
      add(
        'ParticipantWithdrawn',
        () => (draw.is(0.5) ? edge() : anyTime()),
        () => ({
          scope: draw.of(['intervention', 'follow_up', 'follow_up', 'data_use']),
        }),
      );
    }
  }
  for (const site of ['S1', 'S10', 'S2', 'all']) {
    const where = { trial: 'trial', site };
    const names = { voided: 'SiteRecordVoided', amended: 'SiteRecordAmended' };
    for (let n = draw.int(0, 6); n > 0; n--) {
      record(where, names, () => ({
        type: 'SupervisionHeld',
        occurredAt: turn + draw.int(-40 * 24, 3 * 24) * HOUR + draw.of([-1, 0, 1]),
        data: {
          ...where,
          supervision: `V${n}`,
          kind: draw.of(['group', 'group', 'individual', 'action_learning_set']),
          attendees: [],
        },
      }));
    }
    if (draw.is(0.3)) {
      record(where, names, () => ({
        type: 'TeamPreparationHeld',
        occurredAt: anyTime(),
        data: { ...where, session: 'T1', ward: 'ward' },
      }));
    }
    for (let n = draw.int(0, 4); n > 0; n--) {
      record(where, names, () => ({
        type: 'FidelityAssessed',
        occurredAt: turn + draw.int(-100, -80) * DAY + draw.int(-3 * 24, 3 * 24) * HOUR + n,
        data: {
          ...where,
          instrument: draw.of(['index', 'index', 'other']),
          rater: draw.of(['R1', 'R2']),
          ...(draw.is(0.8)
            ? { total: draw.int(30, 120) / 10 }
            : { items: [2, 3].map((value, item) => ({ item: `I${item}`, value: value + draw.int(0, 2) })) }),
        },
      }));
    }
  }
  for (const worker of ['W1', 'W2', 'W3']) {
    const whom = { trial: 'trial', worker };
    for (let n = draw.int(0, 4); n > 0; n--) {
      record(whom, { voided: 'TrainingVoided', amended: 'TrainingAmended' }, () => ({
        type: 'TrainingAttended',
        occurredAt: anyTime(),
        data: { ...whom, attendedOn: '2017-01-01', days: draw.of([0.5, 1, 1.5]) },
      }));
    }
  }
  return numbered(entries, draw, timeZone);
}

/** Gives positions in the order of recording, and draws moments. */
function numbered(entries: Entry[], draw: Draw, timeZone: string): RandomLog {
  entries.sort((a, b) => a.recordedAt - b.recordedAt);
  const events: Fact<DeliveryEvent>[] = [];
  const registers: RegisterStep[] = [];
  for (const [index, entry] of entries.entries()) {
    const position = BigInt(index + 1);
    if ('register' in entry) registers.push({ event: entry.id, position, register: entry.register });
    else events.push(fact(entry, position));
  }
  const instants = events.flatMap(({ type, occurredAt }) => {
    const day = localDay(occurredAt, timeZone);
    const ends = [endOfDay(day, timeZone)];
    if (type === 'ParticipantDischarged') {
      ends.push(
        endOfDay(lastDay(day, { months: 12 }), timeZone),
        endOfDay(lastDay(day, { weeks: 1 }), timeZone),
        occurredAt + 2 * DAY,
      );
    }
    return [occurredAt, ...ends];
  });
  instants.sort((a, b) => a - b);
  const later = instants.slice(Math.floor(instants.length / 2));
  const last = BigInt(entries.length);
  const moment = (): CutMoment => ({
    position: draw.is(0.5) ? last : BigInt(draw.int(1, entries.length)),
    occurredBefore: draw.of(draw.is(0.7) ? later : instants) + draw.of([-1, 0, 1, 1, 2, 20 * DAY, 380 * DAY]),
  });
  return { events, registers, moments: Array.from({ length: 4 }, moment) };
}

const fact = ({ id, type, occurredAt, recordedAt, data }: Recorded, position: bigint): Fact<DeliveryEvent> =>
  ({
    id,
    type,
    occurredAt,
    recordedAt,
    data,
    position,
    schemaVersion: 1,
    tenant: 'tenant',
    stream: 'stream',
    revision: 0,
    actor: 'actor',
    commandId: id,
    correlationId: id,
    causationId: id,
    metadata: {},
  }) as unknown as Fact<ParticipantEvent | SiteRecordEvent | TrainingEvent>;

/** A definition that a protocol brings along. */
export const ownDefinition: Protocol['engagementDefinitions'][number] = {
  id: 'three-talks',
  title: 'Three talks',
  description: 'Three talks, at whatever distance, one of them on a ward',
  source: 'spec',
  requirements: [
    { atLeast: 3, modes: ['face_to_face', 'telephone', 'video'] },
    { atLeast: 1, settings: ['ward'] },
  ],
};

/** The register at a position. */
export const registerAt = ({ registers }: RandomLog, position: bigint): TrialRegister =>
  registers.findLast((each) => each.position <= position)!.register;
