import { isBlinded, Role } from '@cairn/access';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type TestIssuer, testIssuer } from '../support/issuer.js';
import { rounds } from '../support/rounds.js';
import { followAlerts } from './alerts-asked.js';
import {
  flippedTrial,
  type FlippedTrial,
  hiddenIds,
  idOf,
  oneMoreContact,
  recordsOf,
  setUp,
  signalIds,
  TRIAL,
  type World,
  worlds,
} from './arm-flip.js';
import { BlindedSession, commands, questions, subscriptions } from './blinded-session.js';
import type { Pool } from './every-question.js';
import { RunningWorld } from './two-worlds.js';

const blindedRoles = Role.options.filter(isBlinded);
const MANAGER = 'manager';
const times = ['2020-02-20T00:00:00Z', '2020-06-01T00:00:00Z', '2041-01-01T00:00:00Z'];

const rule = {
  ...{ rule: 'contacts_falling', title: 'Draft', severity: 'notice' },
  condition: { kind: 'trend', measure: 'contacts', direction: 'falling', overDays: 7, factor: 2 },
};

/** What is asked with, by the names of arguments. Nothing here may differ between the worlds. */
const pool = (tenant: string, trial: FlippedTrial): Pool => ({
  id: [TRIAL, 'ABSENT', ...signalIds(trial)],
  trial: [TRIAL, 'ABSENT'],
  site: ['S1', 'S2', 'ABSENT'],
  participant: [...trial.participants.map((_, index) => idOf(index)), 'ABSENT'],
  worker: ['S1-W', 'ABSENT'],
  definition: ['table', 'text', 'ABSENT', rule],
  asOf: times,
  knownAt: times,
  first: [1, 1_000],
  last: [1],
  after: ['ABSENT'],
  before: ['ABSENT'],
  // On the scale of the log, on that of blinded people, and far beyond the first.
  minPosition: ['0', '20', '1577840400000'],
  types: ['WorkerAllocated', 'ParticipantReferred'],
  actor: ['importer'],
  recordedFrom: times,
  recordedTo: times,
  occurredFrom: times,
  occurredTo: times,
  occurredBefore: times,
  table: ['flow'],
  size: [1],
  cosignature: ['x'],
  from: ['D1', 1, '2020-01-01T00:00:00Z'],
  to: ['D1', 1, '2020-02-01T00:00:00Z'],
  occurredAt: ['2020-07-01T09:00:00Z', '2019-01-01T09:00:00Z'],
  dischargedAt: ['2020-07-09T09:00:00Z'],
  enteredAt: ['2020-07-02T09:00:00Z'],
  attendedOn: ['2020-07-01'],
  openedOn: ['2020-07-01'],
  timeZone: ['Europe/London', 'Nowhere'],
  until: ['2042-01-01T00:00:00Z'],
  arm: ['support', 'usual'],
  stratum: ['psychotic'],
  contact: ['C0', 'new'],
  supervision: ['G1', 'G2'],
  session: ['W1'],
  ward: ['Ward'],
  instrument: ['index'],
  rater: ['R1'],
  total: [10],
  items: [[{ item: 'I1', value: 2 }]],
  facilitator: ['S1-W'],
  attendees: [['S1-W']],
  activities: [['walk']],
  minutes: [30],
  staffAttending: [3],
  days: [1],
  daysPerWeek: [3],
  note: ['note'],
  reason: ['reason'],
  title: ['Another trial'],
  registration: ['ISRCTN1'],
  name: ['Name'],
  employerName: ['Trust'],
  hostOrganisation: ['Trust'],
  startedAt: ['2020-01-01T00:00:00Z'],
  endedAt: ['2021-01-01T00:00:00Z'],
  recruitmentFrom: ['2020-01-01'],
  recruitmentTo: ['2021-01-01'],
  version: [2],
  protocol: [
    {
      arms: [
        { id: 'support', intervention: true },
        { id: 'usual', intervention: false },
      ],
      interventionWindow: { monthsAfterDischarge: 4 },
    },
  ],
  person: ['new@sponsor.example', MANAGER],
  assignment: ['role-new', 'role-0'],
  role: ['trial_manager', 'blinded_outcome_assessor'],
  request: ['U1'],
  query: ['Q1'],
  signature: ['G1'],
  cut: ['D1'],
  recommendation: ['R1'],
  subscription: ['A1'],
  url: ['https://hooks.example/'],
  topic: ['cairn.alerts'],
  at: ['08:30'],
  messages: [['00000000-0000-4000-8000-000000000000']],
  text: ['text'],
  password: ['password'],
  token: ['token'],
  event: hiddenIds(tenant, trial),
  record: hiddenIds(tenant, trial),
  signal: [...signalIds(trial), 'ABSENT'],
  subject: [idOf(0), 'ABSENT'],
  raisedAfter: times,
  sites: [['S1'], ['ABSENT']],
  rules: [['follow_up_overdue'], ['meeting_gap']],
  rule: [rule],
  changes: [{ arm: 'support' }],
  commandsPerMinute: [1],
  queryCostPerSecond: [1],
  subscriptions: [1],
});

/** What is handed out as files. */
const FILES = [
  ...['open.html', 'open.json', 'open/flow.csv', 'closed.html', 'closed/arms.csv'].map(
    (name) => `/reports/${TRIAL}/D1/${name}`,
  ),
  ...['events', 'checkpoints', 'tiles', 'keys'].map((name) => `/export/${TRIAL}/${name}`),
];
/** Hundreds of trials, each asked everything. */
const NIGHT = 6 * 3_600_000;

describe('with the arms of a whole trial swapped', () => {
  let issuer: TestIssuer;
  let running: Record<World, RunningWorld>;
  let trials = 0;
  let tenants = 0;

  beforeAll(async () => {
    issuer = await testIssuer({ url: 'http://127.0.0.1/oidc' });
    // Tokens are made while the test runs, and must hold at the moment at which the services stand still.
    const now = Date.now() + 2 * 3_600_000;
    const [one, other] = await Promise.all(worlds.map(() => RunningWorld.start(issuer, now)));
    running = { one: one!, other: other! };
    await inBoth((world) => printed(world, 'nobody'));
  }, 120_000);

  afterAll(async () => {
    await Promise.all(Object.values(running).map((world) => world.close()));
    await issuer.remove();
  });

  /** The same in both worlds, at once. */
  const inBoth = async <T>(task: (world: World) => Promise<T>): Promise<Record<World, T>> => {
    const [one, other] = await Promise.all(worlds.map(task));
    return { one: one!, other: other! };
  };

  const writeBoth = async (tenant: string, trial: FlippedTrial): Promise<void> => {
    const people = [
      { person: MANAGER, role: 'trial_manager' as const },
      ...blindedRoles.map((role) => ({ person: role, role })),
      // There is always somebody left to administer.
      { person: 'second', role: 'sponsor_administrator' as const },
    ];
    await inBoth((world) =>
      running[world].append(tenant, [...setUp(tenant, people), ...recordsOf(tenant, trial, world)]),
    );
  };

  const tokenOf = (tenant: string, person: string): Promise<string> =>
    issuer.token({ tenant, person, name: person, expiresInSeconds: 8 * 3_600 });

  const expectSame = ({ one, other }: Record<World, readonly string[]>): void => {
    // Byte by byte; the first that differs is shown, not all that follow from it.
    const at = one.findIndex((answer, index) => answer !== other[index]);
    if (at >= 0) expect(other[at]).toBe(one[at]);
    expect(other.length).toBe(one.length);
  };

  const printed = async (world: World, tenant: string): Promise<readonly string[]> => {
    const last = `LastOf_${tenant.replace('-', '_')}`;
    await new BlindedSession(running[world].url, await tokenOf(tenant, MANAGER)).graphql(
      `query ${last} { viewer { id } }`,
    );
    return running[world].takePrinted(last);
  };

  const read = async (
    session: BlindedSession,
    asked: readonly string[],
    given: Pool,
    role: string,
    followed?: { readonly tenant: string; readonly trial: FlippedTrial },
  ): Promise<void> => {
    await session.ask(asked);
    await session.walk((page) => `trial(id: "${TRIAL}") { participants(${page})`, '}');
    await session.walk((page) => `trial(id: "${TRIAL}") { sites(${page})`, '}');
    await session.walk((page) => `trial(id: "${TRIAL}") { signals(${page})`, '}');
    for (const list of ['trials', 'people', 'conduct']) await session.walk((page) => `${list}(${page})`);
    for (const question of subscriptions(given).slice(0, 3)) await session.subscribe(question);
    await session.subscribe('subscription { engagementChanged(trial: "T") { position } }', {
      token: `${role}.not.a.token`,
    });
    if (followed) await followAlerts(session, followed.tenant, followed.trial);
    for (const where of ['/', '/health', '/metrics', '/import', '/nowhere', '/graphql?query={viewer{id}}', ...FILES]) {
      await session.fetch(where);
    }
    await session.report('engagement', '--trial', TRIAL);
    await session.report('engagement', '--trial', 'ABSENT', '--format', 'json');
  };

  it(
    'every blinded role is answered the same, byte by byte, whatever it asks',
    async () => {
      let shown = 0;
      await fc.assert(
        fc.asyncProperty(flippedTrial, async (trial) => {
          const nth = trials++;
          const tenant = `tenant-${tenants++}`;
          await writeBoth(tenant, trial);
          const given = pool(tenant, trial);
          const all = questions(given);
          for (const role of blindedRoles) {
            const token = await tokenOf(tenant, role);
            const sessions = await inBoth(async (world) => new BlindedSession(running[world].url, token));
            // Over some trials all of them are asked; what tells most, always.
            const share = all.filter(
              (question, index) => index % 8 === nth % 8 || /participants|head|signals \{/.test(question.slice(0, 40)),
            );
            const ids = [...hiddenIds(tenant, trial)].slice(0, 4);
            const answers = (): Record<World, readonly string[]> => ({
              one: sessions.one.take(),
              other: sessions.other.take(),
            });
            await inBoth((world) => read(sessions[world], share, given, role, { tenant, trial }));
            const first = answers();
            shown += first.one.filter((answer) => /^200$/m.test(answer) && /"(P1|head)"/.test(answer)).length;
            expectSame(first);

            await inBoth(async (world) => {
              for (const command of commands(role, given, ids).filter((_, index) => index % 2 === nth % 2)) {
                await sessions[world].graphql(command);
              }
              await sessions[world].fetch('/import', {
                method: 'POST',
                headers: { 'content-type': 'application/x-ndjson' },
                body: JSON.stringify({ line: 1, commandId: ids[0], commands: [] }),
              });
              await running[world].projected(tenant);
              await read(sessions[world], share, given, role);
            });
            expectSame(answers());
          }
          expectSame(await inBoth((world) => printed(world, tenant)));
        }),
        { numRuns: rounds({ ci: 2, night: 200 }), endOnFailure: true },
      );
      // Sessions that are turned away at the door are the same as well; these are shown who takes part.
      expect(shown).toBeGreaterThan(trials * 5);
    },
    NIGHT,
  );

  it(
    'one more event that a blinded role must not know of changes nothing that it is answered',
    async () => {
      await fc.assert(
        fc.asyncProperty(flippedTrial, fc.constantFrom(...worlds), async (trial, world) => {
          const tenant = `tenant-${tenants++}`;
          await writeBoth(tenant, trial);
          const given = pool(tenant, trial);
          const share = questions(given).filter(
            (question, index) => index % 8 === 0 || /participants|head/.test(question),
          );
          const token = await Promise.all(blindedRoles.map((role) => tokenOf(tenant, role)));
          const everybody = async (): Promise<readonly string[]> => {
            const sessions = token.map((each) => new BlindedSession(running[world].url, each));
            for (const [index, session] of sessions.entries())
              await read(session, share, given, blindedRoles[index]!, { tenant, trial });
            return sessions.flatMap((session) => session.take());
          };
          // What the first look leaves behind, as that somebody has signed in, is there at the second one.
          await everybody();
          const before = await everybody();
          await running[world].append(tenant, [oneMoreContact(tenant, trial, world)]);
          expectSame({ one: before, other: await everybody() });
        }),
        { numRuns: rounds({ ci: 1, night: 100 }), endOnFailure: true },
      );
    },
    NIGHT,
  );

  it('the trial manager is answered otherwise, so that the comparison can fail', async () => {
    await fc.assert(
      fc.asyncProperty(flippedTrial, async (trial) => {
        const tenant = `tenant-${tenants++}`;
        await writeBoth(tenant, trial);
        const token = await tokenOf(tenant, MANAGER);
        const given = pool(tenant, trial);
        const looked = await inBoth(async (world) => {
          const session = new BlindedSession(running[world].url, token);
          await read(session, [`trial(id: "${TRIAL}") { participants { edges { node { arm } } } }`], given, MANAGER);
          return session.take();
        });
        expect(() => expectSame(looked)).toThrow();
        const told = await inBoth(async (world) => {
          const session = new BlindedSession(running[world].url, token);
          await session.ask([
            `trial(id: "${TRIAL}") { participants { edges { node { status } } } }`,
            `trial(id: "${TRIAL}") { participants { edges { node { arm } } } }`,
            `trial(id: "${TRIAL}") { participants { edges { node { id dischargedAt } } } }`,
          ]);
          return JSON.parse(session.take()[0]!.trim().split('\n').at(-1)!) as { data: Record<string, unknown> };
        });
        expect(told.one.data['q2']).toEqual(told.other.data['q2']);
        expect(told.one.data['q0']).not.toEqual(told.other.data['q0']);
        expect(told.one.data['q1']).not.toEqual(told.other.data['q1']);
      }),
      { numRuns: rounds({ ci: 2, night: 20 }), endOnFailure: true },
    );
  }, 600_000);
});
