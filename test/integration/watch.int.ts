import { randomUUID } from 'node:crypto';
import { RecentTrials } from '../../apps/alerter/src/watch/recent-trials.js';
import { query } from '../support/projection-kit.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';
import {
  discharged,
  followedUp,
  followUpRule,
  inShort,
  registered,
  type WatchedLog,
  watchLog,
} from '../support/watched-log.js';

let database: TestDatabase;
let log: WatchedLog;

let tenant: string;

beforeAll(async () => {
  database = await createTestDatabase();
});
beforeEach(() => {
  tenant = `unit-${randomUUID()}`;
  log = watchLog(database, tenant);
});
afterEach(() => log.close());
afterAll(() => database.drop());

const found = async (of?: string) => inShort(await log.signals(of));
const inDatabase = (sql: string) => query(database.url, sql, [tenant]);
/** The day of discharge, and the first instant after the seventh day after it. */
const DISCHARGE = '2017-01-01T10:00:00Z';
const OVERDUE = '2017-01-09T00:00:00.000Z';

describe('a signal of what did not happen', () => {
  it('is raised when it is due, without an event, by whichever watch there is then', async () => {
    await log.append([...registered('T'), ...discharged('T', 'P1', DISCHARGE)]);
    const first = await log.lookAt('2017-01-01T11:00:00Z');
    expect(first).toMatchObject({ events: 6, raised: 0, nextDue: Date.parse(OVERDUE) });
    expect(await log.lookAt('2017-01-08T23:59:59.999Z')).toMatchObject({ timers: 0, raised: 0 });
    // Another one, which knows nothing but what the first one kept.
    expect(await log.lookAt(OVERDUE)).toMatchObject({ timers: 1, raised: 1, nextDue: undefined });
    expect(await found()).toEqual([`P1 raised ${OVERDUE}`]);
    const [raised] = await log.signals();
    expect(raised).toMatchObject({
      actor: '@alerter',
      data: {
        trial: 'T',
        site: 'S1',
        participant: 'P1',
        rule: 'follow_up_overdue',
        ruleVersion: 'default/1',
        audience: 'open',
      },
    });
    expect(await log.store.findEvent(tenant, raised!.causationId)).toMatchObject({ type: 'ParticipantDischarged' });
  });

  it.each([
    ['Europe/London', '2017-03-20T10:00:00Z', '2017-03-27T23:00:00.000Z'],
    ['Europe/London', '2017-10-23T10:00:00Z', '2017-10-31T00:00:00.000Z'],
    ['Pacific/Apia', '2011-12-24T20:00:00Z', '2011-12-31T10:00:00.000Z'],
    // That day has no midnight.
    ['America/Sao_Paulo', '2017-10-07T12:00:00Z', '2017-10-15T03:00:00.000Z'],
  ])('is due by the days of %s', async (zone, dischargedAt, due) => {
    await log.append([
      ...registered('T', { timeZone: zone, at: '2011-01-01T00:00:00Z' }),
      ...discharged('T', 'P1', dischargedAt),
    ]);
    const watching = log.newWatch();
    expect(await log.lookAt(dischargedAt, watching)).toMatchObject({ nextDue: Date.parse(due) });
    expect(await log.lookAt(Date.parse(due) - 1, watching)).toMatchObject({ raised: 0 });
    expect(await log.lookAt(due, watching)).toMatchObject({ raised: 1 });
  });

  it('is cleared when it happens, and was over already when that is found late', async () => {
    await log.append([...registered('T'), ...discharged('T', 'P1', DISCHARGE)]);
    await log.append([...discharged('T', 'P2', DISCHARGE), followedUp('T', 'P2', '2017-01-10T09:00:00Z')]);
    const watching = log.newWatch();
    await log.lookAt('2017-01-12T00:00:00Z', watching);
    await log.append([followedUp('T', 'P1', '2017-01-11T09:00:00Z')]);
    await log.lookAt('2017-01-12T00:01:00Z', watching);
    const over = ['P2 raised 2017-01-09T00:00:00.000Z', 'P2 cleared 2017-01-10T09:00:00.000Z cause_gone'];
    const own = ['P1 raised 2017-01-09T00:00:00.000Z', 'P1 cleared 2017-01-11T09:00:00.000Z cause_gone'];
    expect((await found()).toSorted()).toEqual([...over, ...own].toSorted());
    const [raised] = (await log.signals()).filter(({ data }) => data.participant === 'P2');
    expect(raised).toMatchObject({ data: { until: '2017-01-10T09:00:00.000Z' } });
  });

  it('is corrected by what is entered late, and returns when that is void', async () => {
    await log.append([...registered('T'), ...discharged('T', 'P1', DISCHARGE)]);
    const watching = log.newWatch();
    await log.lookAt('2017-01-12T00:00:00Z', watching);
    const [event] = await log.append([followedUp('T', 'P1', '2017-01-07T09:00:00Z')]);
    await log.lookAt('2017-01-13T00:00:00Z', watching);
    const void_ = { trial: 'T', participant: 'P1', event: event!, reason: 'somebody else' };
    await log.append([
      { type: 'ParticipantRecordVoided', occurredAt: Date.parse('2017-01-14T00:00:00Z'), data: void_ },
    ]);
    await log.lookAt('2017-01-14T00:00:00Z', log.newWatch());
    expect(await found()).toEqual([
      `P1 raised ${OVERDUE}`,
      'P1 cleared 2017-01-13T00:00:00.000Z corrected',
      'P1 returned 2017-01-14T00:00:00.000Z',
    ]);
  });

  it('is not there while a rule is off, and what a new version finds is raised once', async () => {
    await log.append([...registered('T'), ...discharged('T', 'P1', DISCHARGE)]);
    const watching = log.newWatch();
    await log.lookAt('2017-01-12T00:00:00Z', watching);
    await log.append([followUpRule('T', 1, { enabled: false })]);
    expect(await log.lookAt('2017-01-13T00:00:00Z', watching)).toMatchObject({ changed: 1, nextDue: undefined });
    await log.append([followUpRule('T', 2, { withinDays: 3 })]);
    await log.lookAt('2017-01-14T00:00:00Z', log.newWatch());
    expect(await found()).toEqual([
      `P1 raised ${OVERDUE}`,
      'P1 cleared 2017-01-13T00:00:00.000Z rule_changed',
      'P1 returned 2017-01-14T00:00:00.000Z',
    ]);
  });
});

describe('what somebody does with a signal', () => {
  const given = async (rule = followUpRule('T', 1, {})) => {
    await log.append([...registered('T'), ...discharged('T', 'P1', DISCHARGE), rule]);
    const watching = log.newWatch();
    log.now = Date.now();
    await log.lookAt(log.now, watching);
    const [raised] = await log.signals();
    const {
      ruleVersion: _v,
      cause: _c,
      numbers: _n,
      events: _e,
      ...of
    } = raised!.data as Extract<NonNullable<typeof raised>, { type: 'SignalRaised' }>['data'];
    return { watching, of, raised: raised! };
  };

  it('a snooze ends by itself', async () => {
    const { watching, of } = await given();
    const until = '2050-01-01T00:00:00.000Z';
    await log.append([{ type: 'SignalSnoozed', occurredAt: log.now, data: { ...of, until } }]);
    expect(await log.lookAt(log.now, watching)).toMatchObject({ changed: 0, nextDue: Date.parse(until) });
    expect(await log.lookAt('2050-01-02T00:00:00Z')).toMatchObject({ timers: 1, changed: 1 });
    expect((await found()).at(-1)).toBe(`P1 woken ${until}`);
  });

  it('it escalates when nobody does anything, by the days since it was recorded', async () => {
    const { watching, raised } = await given(followUpRule('T', 1, { escalateAfterDays: 2 }));
    const { nextDue } = await log.lookAt(log.now, watching);
    expect(nextDue! - raised.recordedAt).toBeGreaterThan(2 * 86_400_000 - 3_600_000);
    expect(await log.lookAt(nextDue!, watching)).toMatchObject({ changed: 1, nextDue: undefined });
    expect((await log.signals()).at(-1)).toMatchObject({ type: 'SignalEscalated', data: { severity: 'critical' } });
  });

  it('what was resolved by hand stays resolved', async () => {
    const { watching, of } = await given(followUpRule('T', 1, { escalateAfterDays: 2 }));
    await log.append([
      { type: 'SignalResolved', occurredAt: log.now, data: { ...of, outcome: 'false_alarm' } },
      followedUp('T', 'P1', '2017-02-01T00:00:00Z'),
    ]);
    expect(await log.lookAt(log.now, watching)).toMatchObject({ changed: 0, nextDue: undefined });
    expect(await found()).toHaveLength(2);
  });
});

describe('a watch beside others', () => {
  const several = async () => {
    const people = Array.from({ length: 40 }, (_, n) => discharged('T', `P${n}`, DISCHARGE)).flat();
    await log.append([...registered('T')]);
    await log.append(people);
  };
  const once = async () => {
    const raised = await log.signals();
    expect(raised).toHaveLength(40);
    expect(new Set(raised.map(({ data }) => data.signal)).size).toBe(40);
  };

  it('does no harm, and neither does one that knows too little', async () => {
    await several();
    const [one, other] = [log.newWatch(), log.newWatch()];
    await log.lookAt('2017-01-02T00:00:00Z', one);
    await log.lookAt('2017-01-02T00:00:00Z', other);
    log.now = Date.parse('2017-02-01T00:00:00Z');
    await Promise.all([log.lookAt(log.now, one), log.lookAt(log.now, other)]);
    await once();
    await log.append([followedUp('T', 'P7', '2017-02-02T00:00:00Z')]);
    await log.lookAt('2017-02-03T00:00:00Z', one);
    await log.append([followedUp('T', 'P8', '2017-02-02T00:00:00Z')]);
    expect(await log.lookAt('2017-02-03T00:00:00Z', other)).toMatchObject({ changed: 1 });
    expect((await found()).filter((line) => line.includes('cleared'))).toHaveLength(2);
  });

  it('repeats nothing that was appended before a checkpoint that was lost', async () => {
    await several();
    const at = Date.parse('2017-02-01T00:00:00Z');
    await log.lookAt(at);
    await inDatabase('delete from alerting.watch where tenant = $1');
    await inDatabase('delete from alerting.timer where tenant = $1');
    expect(await log.lookAt(at)).toMatchObject({ raised: 0, changed: 0 });
    await once();
  });

  it('loads a trial again that had no room', async () => {
    await several();
    const small = log.newWatch(new RecentTrials(1));
    await log.lookAt('2017-01-02T00:00:00Z', small);
    await log.append([followedUp('T', 'P7', '2017-01-03T00:00:00Z')]);
    await log.lookAt('2017-01-04T00:00:00Z', small);
    await log.lookAt('2017-02-01T00:00:00Z', small);
    expect(await log.signals()).toHaveLength(39);
  });

  it('keeps tenants apart', async () => {
    const other = `${tenant}-other`;
    await log.append([...registered('T'), ...discharged('T', 'P1', DISCHARGE)]);
    await log.append([...registered('T'), ...discharged('T', 'P2', DISCHARGE)], other);
    await log.lookAt('2017-02-01T00:00:00Z', log.newWatch(undefined, other));
    expect(await found()).toEqual([]);
    expect(await found(other)).toEqual([`P2 raised ${OVERDUE}`]);
    expect(await log.watch.due(other, Infinity)).toEqual([]);
  });
});

it('goes no further than an event that it cannot read', async () => {
  await log.append([...registered('T'), ...discharged('T', 'P1', DISCHARGE)]);
  const unknown = { type: 'SomethingNew', schemaVersion: 1, occurredAt: 0, payload: '{}' };
  await log.store.append(tenant, {
    stream: 'T/elsewhere',
    expected: 'any',
    commandId: randomUUID(),
    actor: 'test',
    events: [unknown],
  });
  await log.append([followedUp('T', 'P1', '2017-01-07T09:00:00Z')]);
  const turn = await log.lookAt('2017-02-01T00:00:00Z');
  expect(turn).toMatchObject({
    position: 6n,
    halted: { position: 7n, reason: expect.stringContaining('SomethingNew') },
  });
  const kept = 'select position::int, halted_position::int from alerting.watch where tenant = $1';
  expect(await inDatabase(kept)).toEqual([{ position: 6, halted_position: 7 }]);
});
