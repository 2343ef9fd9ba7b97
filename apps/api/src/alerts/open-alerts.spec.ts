import { setImmediate as othersTurn } from 'node:timers/promises';
import type { Viewer } from '@cairn/access';
import { EventStoreUnavailable } from '@cairn/event-sourcing';
import type { Alert } from '@cairn/signals';
import fc from 'fast-check';
import { AlertFeed } from './alert-feed.js';
import { AlertSight } from './alert-sight.js';
import { OpenAlerts, type WantedAlerts } from './open-alerts.js';
import { SpecLog, specStates, viewerWith } from './spec-log.js';
import type { VisibleAlerts } from './visible-alerts.js';

const manager = viewerWith({ role: 'trial_manager' });
const coordinator = viewerWith({ role: 'site_coordinator', trial: 'T', site: 'S1' });
const worker = viewerWith({ role: 'peer_worker', trial: 'T', worker: 'W' });
const assessor = viewerWith({ role: 'blinded_outcome_assessor', trial: 'T' });
const stranger = viewerWith();

function world() {
  const log = new SpecLog();
  const states = specStates('T', ['S1', 'S2']);
  const turn = async (): Promise<void> => void (await othersTurn());
  const feed = new AlertFeed({ source: log, onAppended: log.onAppended, turn, kept: 16 });
  const opening = new OpenAlerts(feed, log, states, new AlertSight(states));
  return {
    log,
    feed,
    open: (viewer: Viewer | (() => Promise<Viewer>), wanted: Partial<WantedAlerts> = {}) =>
      opening.open(typeof viewer === 'function' ? viewer : async () => viewer, {
        ...{ trial: 'T', site: undefined, filter: {}, after: undefined },
        ...wanted,
      }),
  };
}

async function opened(open: ReturnType<ReturnType<typeof world>['open']>): Promise<VisibleAlerts> {
  const result = await open;
  if (result.kind !== 'open') throw new Error(`was answered with ${result.kind}`);
  return result.alerts;
}

const take = async (alerts: VisibleAlerts, count: number): Promise<string[]> => {
  const taken: Alert[] = [];
  while (taken.length < count) {
    const { done, value } = await alerts.next();
    if (done) throw new Error('ended');
    taken.push(value);
  }
  return taken.map(({ id }) => id);
};

it('a subscriber that is cut off 1,000 times and goes on after what it had last misses nothing and is told nothing twice', async () => {
  const { log, feed, open } = world();
  const told: string[] = [];
  const expected = (): string[] =>
    log.alerts.filter(({ alert }) => alert.data.trial === 'T' && alert.data.site === 'S1').map(({ alert }) => alert.id);
  const chance = fc.sample(fc.integer({ min: 0, max: 1_000_000 }), { seed: 5, numRuns: 4_000 });
  const dice = (sides: number): number => chance.pop()! % sides;
  let cutOffs = 0;
  log.record('T', { site: 'S1' });
  let from: string | undefined;
  while (cutOffs < 1_000) {
    if (from === undefined) told.push((from = log.alerts[0]!.alert.id));
    const alerts = await opened(open(manager, { site: 'S1', after: from }));
    for (let n = dice(8); n > 0; n--) log.record(dice(4) === 0 ? 'T2' : 'T', { site: dice(3) === 0 ? 'S2' : 'S1' });
    // Some come with the tail, some from the log, and one may be on its way when the subscriber is cut off: it never arrives.
    for (let n = Math.min(dice(6), expected().length - told.length); n > 0; n--) {
      told.push(...(await take(alerts, 1)));
    }
    if (dice(2) === 0) void alerts.next();
    await alerts.return();
    cutOffs++;
    from = told.at(-1);
  }
  const alerts = await opened(open(manager, { site: 'S1', after: from! }));
  told.push(...(await take(alerts, expected().length - told.length)));
  expect(told).toEqual(expected());
  expect(told.length).toBeGreaterThan(500);
  await alerts.return();
  expect(feed.open).toBe(0);
});

it('shows each what their roles reach', async () => {
  const { log, open } = world();
  const start = log.record('T', { audience: 'open', participant: 'P' });
  const ids = {
    open: log.record('T', { audience: 'open' }),
    openElsewhere: log.record('T', { audience: 'open', site: 'S2' }),
    delivery: log.record('T'),
    elsewhere: log.record('T', { site: 'S2' }),
    ofWorker: log.record('T', { site: 'S2', participant: 'P' }),
    ofNobody: log.record('T', { site: 'S2', participant: 'Q' }),
    last: log.record('T', { audience: 'open', participant: 'P' }),
  };
  const told = async (viewer: Viewer): Promise<string[]> => {
    const alerts = await opened(open(viewer, { after: start }));
    const seen: string[] = [];
    while (seen.at(-1) !== ids.last) seen.push(...(await take(alerts, 1)));
    await alerts.return();
    return seen;
  };
  expect(await told(manager)).toEqual(Object.values(ids));
  expect(await told(coordinator)).toEqual([ids.open, ids.delivery, ids.last]);
  expect(await told(worker)).toEqual([ids.ofWorker, ids.last]);
  expect(await told(assessor)).toEqual([ids.open, ids.openElsewhere, ids.last]);
});

it.each([
  ['of no alert', () => 'nothing'],
  ['of no alert, but a UUID', () => 'f81d4fae-7dec-41d0-a765-00a0c91e6bf6'],
  ['of another trial', (log: SpecLog) => log.record('T2', { audience: 'open' })],
  ['of what is sealed for them', (log: SpecLog) => log.record('T')],
])('a cursor %s is unknown to whoever is blinded', async (_, cursor) => {
  const { log, open } = world();
  const known = log.record('T', { audience: 'open' });
  expect(await open(assessor, { after: cursor(log) })).toEqual({ kind: 'cursor unknown' });
  expect(await open(assessor, { after: known })).toMatchObject({ kind: 'open' });
});

it('says of a trial and of a site that are not the viewer’s what it says of those that are not there', async () => {
  const { open } = world();
  expect(await open(stranger)).toEqual({ kind: 'absent' });
  expect(await open(manager, { trial: 'none' })).toEqual({ kind: 'absent' });
  expect(await open(viewerWith({ role: 'site_viewer', trial: 'T', site: 'S1' }))).toEqual({
    kind: 'sealed',
    reason: 'NOT_IN_ROLE',
  });
  for (const site of ['S2', 'none']) {
    expect(await open(coordinator, { site })).toEqual({ kind: 'no such site' });
    expect(await open(coordinator, { filter: { sites: ['S1', site] } })).toEqual({ kind: 'no such site' });
  }
});

it('a site beside a filter is of both', async () => {
  const { log, open } = world();
  const after = log.record('T');
  const [alerts, nothing] = [
    await opened(open(manager, { after, site: 'S1', filter: { sites: ['S1', 'S2'], severity: 'critical' } })),
    await opened(open(manager, { after, site: 'S2', filter: { sites: ['S1'] } })),
  ];
  const never = nothing.next();
  log.record('T', { site: 'S2', severity: 'critical' });
  log.record('T', { severity: 'warning' });
  const wanted = log.record('T', { severity: 'critical' });
  expect(await take(alerts, 1)).toEqual([wanted]);
  await nothing.return();
  expect(await never).toEqual({ done: true, value: undefined });
});

it('asks for the roles anew before each alert, and waits for a store that is away', async () => {
  const { log, feed, open } = world();
  let now: Viewer | Error = manager;
  const alerts = await opened(
    open(async () => {
      if (now instanceof Error) throw now;
      return now;
    }),
  );
  const first = log.record('T');
  expect(await take(alerts, 1)).toEqual([first]);
  now = new EventStoreUnavailable('away');
  const next = take(alerts, 1);
  log.record('T');
  now = assessor;
  const open2 = log.record('T', { audience: 'open' });
  expect(await next).toEqual([open2]);
  now = stranger;
  log.record('T', { audience: 'open' });
  await expect(alerts.next()).rejects.toMatchObject({ extensions: { code: 'FORBIDDEN' } });
  expect(feed.open).toBe(0);
});
