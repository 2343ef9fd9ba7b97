import { Protocol } from '@cairn/registry/protocol';
import { endOfDay, localDay } from './calendar.js';
import { chanceOf, Draw } from './random-log.js';
import { clocks, DAY, HOUR } from './random-trial.js';
import { entriesOf, idOf, type LogEntry } from './signals-events.js';
import type { SignalPerson, SignalWorld } from './signals-oracle-world.js';

/*
 * Small trials by chance in which rules find something: around the turns of the clocks, at the first and last instants of days,
 * several things at one instant; and logs of them, late, with errors that were amended and records that are void.
 */

export interface RandomWorld {
  readonly world: SignalWorld;
  readonly protocol: Protocol;
  /** Of which the records of the world are what stands. */
  readonly entries: readonly LogEntry[];
}

export function randomWorld(seed: number): RandomWorld {
  const draw = new Draw(chanceOf(seed));
  const [zone, turnText] = draw.of(clocks);
  const turn = Date.parse(turnText);
  const near = (at: number): number => {
    if (draw.is(0.4)) return at + draw.int(-3 * 60, 3 * 60) * 60_000;
    return endOfDay(localDay(at, zone), zone) + draw.of([-1, 0, 1]);
  };
  const many = <T>(least: number, most: number, make: (index: number) => T): T[] =>
    Array.from({ length: draw.int(least, most) }, (_, index) => make(index));

  const protocol = Protocol.parse({
    arms: ['support', 'peers', 'usual'].map((id) => ({ id, intervention: id !== 'usual' })),
    interventionWindow: draw.is(0.5)
      ? { monthsAfterDischarge: draw.int(1, 2) }
      : { weeksAfterDischarge: draw.int(2, 9) },
    ...(draw.is(0.7) && { followUpWithinDays: draw.int(1, 9) }),
    ...(draw.is(0.7) && { trainingDays: draw.int(1, 4) }),
    ...(draw.is(0.7) && { groupSupervisionEveryDays: draw.int(1, 9) }),
    ...(draw.is(0.8) && { fidelity: { instrument: 'index', minimum: 3, maximum: 12 } }),
    ...(draw.is(0.5) && {
      siteClasses: {
        high: { fidelity: 11, engagement: 75 },
        low: { fidelity: draw.int(6, 10), engagement: draw.int(30, 70) },
        outlierResidual: 3,
      },
    }),
  });
  const window = protocol.interventionWindow;
  const sites = ['S1', 'S2', 'S3'].map((id) => ({
    id,
    ...(draw.is(0.8) && { openedOn: localDay(turn - draw.int(40, 130) * DAY, zone) }),
  }));
  // Now and then a first site that does not say who the workers are, beside others that do.
  const silent = draw.is(0.3);
  const person = (index: number): SignalPerson => {
    const site = draw.of(['S1', 'S1', 'S1', 'S2', 'S2', 'S3', 'elsewhere']);
    const referred = turn - draw.int(30, 110) * DAY + draw.int(0, 23) * HOUR;
    const randomised = near(referred + draw.int(1, 4) * DAY);
    const discharged = near(randomised + draw.int(0, 25) * DAY);
    let contact = near(draw.is(0.7) ? discharged : randomised);
    return {
      id: `P${index}`,
      site,
      referrals: [{ at: referred }],
      randomisations: draw.is(0.9) ? [{ at: randomised, arm: draw.of(['support', 'support', 'peers', 'usual']) }] : [],
      allocations: many(
        silent && site !== 'S1' ? 1 : 0,
        draw.of(silent && site === 'S1' ? [0] : [1, 1, 1, 2]),
        (number) => ({
          // Never two at one instant, of which the last one would be anybody's guess.
          at: (draw.is(0.4) ? randomised : near(randomised + draw.int(0, 5) * DAY)) + 10 * number,
          worker: draw.of(['W1', 'W2', 'W3']),
        }),
      ),
      discharges: many(0, draw.of([1, 1, 1, 2]), () => ({
        at: draw.is(0.8) ? discharged : near(discharged + draw.int(1, 9) * DAY),
      })),
      followUps: many(0, 2, () => ({ at: draw.is(0.2) ? discharged : near(discharged + draw.int(-2, 12) * DAY) })),
      readmissions: many(0, 2, () => ({ at: near(discharged + draw.int(0, 30) * DAY) })),
      withdrawals: many(0, draw.of([0, 0, 0, 2]), () => ({
        at: near(referred + draw.int(0, 60) * DAY),
        scope: draw.of(['intervention', 'follow_up', 'data_use']),
      })),
      contacts: many(0, 7, () => {
        const at = contact;
        contact = draw.is(0.1) ? contact : near(contact + draw.of([3, 7, 13, 14, 15, 20]) * DAY);
        return {
          at,
          entered: Math.max(at, draw.is(0.5) ? at + draw.int(0, 48) * HOUR : near(at + draw.int(5, 15) * DAY)),
          setting: draw.of(['ward', 'community', 'community']),
          mode: draw.of(['face_to_face', 'face_to_face', 'telephone', 'text']),
          outcome: draw.of(['attended', 'attended', 'attended', 'on_leave']),
        };
      }),
    };
  };
  const world: SignalWorld = {
    zone,
    window:
      'weeksAfterDischarge' in window ? { weeks: window.weeksAfterDischarge } : { months: window.monthsAfterDischarge },
    interventionArms: ['support', 'peers'],
    recruitmentTo: draw.is(0.8) ? localDay(turn - draw.int(-20, 90) * DAY, zone) : undefined,
    instrument: protocol.fidelity?.instrument,
    limits: {
      followUpDays: protocol.followUpWithinDays ?? 7,
      supervisionDays: (protocol.groupSupervisionEveryDays ?? 7) + 3,
      trainingDays: protocol.trainingDays ?? 8,
      engagement: protocol.siteClasses?.low.engagement ?? 50,
      fidelity: protocol.siteClasses?.low.fidelity ?? 9,
    },
    sites,
    workers: [
      { id: 'W1', site: 'S1', role: 'peer_worker', ...(draw.is(0.3) && { endedAt: near(turn - 20 * DAY) }) },
      { id: 'W2', site: draw.of(['S1', 'S2']), role: 'peer_worker' },
      { id: 'W3', site: 'S2', role: 'coordinator' },
    ],
    people: many(20, 45, person),
    supervisions: sites.flatMap(({ id }) => {
      let at = near(turn - draw.int(30, 110) * DAY);
      return many(0, 8, () => {
        at = near(at + draw.of([0, 3, 7, 10, 11, 12, 20]) * DAY);
        return { site: id, at, kind: draw.of(['group', 'group', 'group', 'individual']) };
      });
    }),
    preparations: many(0, 6, () => ({ site: draw.of(['S1', 'S2']), at: near(turn - draw.int(0, 110) * DAY) })),
    trainings: many(0, 8, () => ({
      worker: draw.of(['W1', 'W2', 'W3']),
      at: near(turn - draw.int(0, 120) * DAY),
      days: draw.of([0.5, 1, 2]),
    })),
    assessments: many(0, 6, (index) => ({
      site: draw.of(['S1', 'S2']),
      // Never two at one instant: which of a rater's totals is the last would be anybody's guess.
      at: near(turn - draw.int(0, 100) * DAY) + 10 * index,
      instrument: draw.of(['index', 'index', 'index', 'other']),
      rater: draw.of(['R1', 'R2']),
      total: draw.int(30, 120) / 10,
    })),
  };
  return { world, protocol, entries: withErrors(entriesOf(world), draw) };
}

/** Some records are entered wrongly first and amended, and some are there that are void. */
function withErrors(standing: readonly LogEntry[], draw: Draw): LogEntry[] {
  const entries: LogEntry[] = [];
  const later = (at: number): number => at + draw.int(1, 30 * 24) * HOUR;
  const wrong = (entry: LogEntry): LogEntry => ({ ...entry, at: entry.at + draw.int(-40 * 24, 40 * 24) * HOUR });
  for (const entry of standing) {
    if (draw.is(0.1)) {
      entries.push(wrong(entry));
      entries.push(correction('Voided', entry, entries.length - 1, later(entry.recordedAt)));
    }
    if (draw.is(0.8)) {
      entries.push(entry);
      continue;
    }
    entries.push(wrong(entry));
    const occurredAt = new Date(entry.at).toISOString();
    const record = { type: entry.type, occurredAt, data: entry.data };
    entries.push(correction('Amended', entry, entries.length - 1, later(entry.recordedAt), { record }));
  }
  return entries;
}

function correction(how: string, { data }: LogEntry, of: number, at: number, more: object = {}): LogEntry {
  const [kind, whose] =
    'participant' in data
      ? ['ParticipantRecord', { participant: data['participant'] }]
      : 'worker' in data
        ? ['Training', { worker: data['worker'] }]
        : ['SiteRecord', { site: data['site'] }];
  const content = { trial: 'trial', ...whose, event: idOf(of), reason: 'entered in error', ...more };
  return { type: `${kind}${how}`, at, recordedAt: at, data: content };
}
