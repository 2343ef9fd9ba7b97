import fs from 'node:fs/promises';
import http from 'node:http';
import type { AddressInfo, NetConnectOpts } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { DeliveryEvent } from '@cairn/delivery';
import type { Fact, Position, TenantId } from '@cairn/event-sourcing';
import { participantsProjection, ruleEpisodes, rulesInForce, trialFacts } from '@cairn/monitoring';
import { PostgresEventStore, ReadModels } from '@cairn/platform';
import { type Trial, type TrialEvent, type TrialRoster, trialsProjection } from '@cairn/registry';
import { type Alert, alertOf, type SignalEvent, signalId } from '@cairn/signals';
import fc from 'fast-check';
import pg from 'pg';
import { catalogue } from '../../apps/alerter/src/catalogue.js';
import { projections } from '../../apps/projector/src/projections.js';
import { CutProxy } from '../support/cut-proxy.js';
import { doneWithoutLease, LeaseHistory } from '../support/lease-history.js';
import { eventually } from '../support/launched-cairn.js';
import { query, storedRows } from '../support/projection-kit.js';
import { ReceivedAlerts } from '../support/received-alerts.js';
import { recordSubscription } from '../support/recorded-alerts.js';
import { rounds } from '../support/rounds.js';
import { SharedService } from '../support/shared-service.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';
import { discharged, followedUp, recordable, registered } from '../support/watched-log.js';

const ROUNDS = rounds({ ci: 20, night: 200 });
/** So many of them stop a process for half a minute. */
const LONG_ROUNDS = rounds({ ci: 2, night: 20 });
const LONG_MS = 30_000;
/** Longer than a lease. */
const SHORT_MS = 6_500;
const TAKEN_OVER_WITHIN_MS = 10_000;
const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const TENANTS = ['north', 'south', 'east', 'west', 'middle', 'isles'];
const SITES = ['S1', 'S2', 'S3'];
const SERVICES = ['alerter', 'projector'] as const;
type Service = (typeof SERVICES)[number];
/** How long the test may take to note that a request came. A lease is given up one second before it can be taken. */
const SLACK_MS = 300;

const trialOf = (tenant: TenantId): string => `T-${tenant}`;

/** A zone in which the next day begins within the hour, so that a clock that is an hour ahead has it already. */
function zoneBeforeMidnight(): string {
  const ahead = 23 - new Date().getUTCHours();
  const offset = ahead > 14 ? ahead - 24 : ahead;
  return `Etc/GMT${offset <= 0 ? '+' : '-'}${Math.abs(offset)}`;
}

interface Sent {
  readonly tenant: TenantId;
  readonly pid: number;
  readonly at: number;
  readonly alert: string;
}

/** Two of each service on one database, each with its own way to it, and to whoever receives webhooks. */
class Cluster {
  readonly services: Record<Service, SharedService[]> = { alerter: [], projector: [] };
  readonly received = new ReceivedAlerts();
  readonly sent: Sent[] = [];
  private readonly proxies: CutProxy[] = [];
  private readonly receivers: http.Server[] = [];

  private constructor(
    readonly database: TestDatabase,
    readonly store: PostgresEventStore,
    readonly history: LeaseHistory,
    private readonly folder: string,
  ) {}

  static async start({ unfenced = false }: { readonly unfenced?: boolean } = {}): Promise<Cluster> {
    const database = await createTestDatabase();
    const store = new PostgresEventStore({ url: database.url, role: 'cairn_projector', applicationName: 'test' });
    const folder = await fs.mkdtemp(path.join(os.tmpdir(), 'cairn-shared-'));
    const cluster = new Cluster(database, store, await LeaseHistory.of(database.url), folder);
    const hook = 9;
    for (const tenant of TENANTS) {
      const trial = trialOf(tenant);
      const timeZone = zoneBeforeMidnight();
      await cluster.append(tenant, registered(trial, { sites: SITES, followUpWithinDays: 1, timeZone }));
      const sink = { kind: 'webhook' as const, url: `http://127.0.0.1:${hook}/hook` };
      const terms = { trial, subscription: 'hook', name: 'hook', sink, audience: 'delivery' as const, filter: {} };
      await recordSubscription(store, tenant, { type: 'AlertSubscriptionOpened', data: terms });
    }
    for (const service of SERVICES) {
      for (let instance = 0; instance < 2; instance++) {
        const [url, proxy] = await cluster.proxied(database.services[service]);
        const webhooks =
          service === 'alerter'
            ? { port: hook, via: await cluster.receiver(() => cluster.services.alerter[instance]!) }
            : undefined;
        const started = new SharedService({
          ...{ name: service, folder, unfenced, database: proxy, ...(webhooks && { webhooks }) },
          environment: {
            DATABASE_URL: url,
            ...(service === 'alerter'
              ? {
                  CAIRN_WEBHOOK_SECRET: 'a secret of this test, and of nobody else',
                  CAIRN_WEBHOOK_ALLOW_PRIVATE: 'loopback',
                }
              : { CAIRN_PROOFS: 'off' }),
          },
        });
        cluster.services[service].push(started);
        await started.start(instance === 0 ? HOUR : -HOUR);
      }
    }
    await eventually('all tenants are shared', async () => {
      for (const service of SERVICES) {
        const held = await cluster.held(service);
        if (held.flat().length < TENANTS.length || !(await cluster.allLive(service))) return false;
      }
      return true;
    });
    return cluster;
  }

  /** Of both instances of a service which tenants they hold. */
  async held(service: Service): Promise<readonly (readonly TenantId[])[]> {
    return Promise.all(this.services[service].map((each) => this.history.heldBy(each.pid)));
  }

  async allLive(service: Service): Promise<boolean> {
    const live = await this.history.live(service);
    return this.services[service].every(({ pid }) => live.includes(pid));
  }

  async append(tenant: TenantId, events: readonly (TrialEvent | DeliveryEvent)[]): Promise<void> {
    await Promise.all(recordable(events).map((each) => this.store.append(tenant, each)));
  }

  async log(tenant: TenantId): Promise<readonly Fact[]> {
    const facts: Fact[] = [];
    for (let from: Position = 0n; ;) {
      const page = await this.store.readLog(tenant, { from, limit: 10_000 });
      facts.push(...page.map((event) => catalogue.decode(event)));
      if (page.length < 10_000) return facts;
      from = page.at(-1)!.position;
    }
  }

  /** What was sent by an alerter when the tenant's lease was another one's. */
  async sentWithoutLease(): Promise<readonly Sent[]> {
    const taken = (await this.history.taken()).filter(({ service }) => service === 'alerter');
    return doneWithoutLease(this.sent, taken, SLACK_MS);
  }

  async stop(): Promise<void> {
    for (const service of SERVICES) {
      for (const each of this.services[service]) {
        each.mend();
        await each.end('SIGKILL');
      }
    }
    await Promise.all(this.proxies.map((proxy) => proxy.close()));
    for (const receiver of this.receivers) {
      receiver.closeAllConnections();
      await new Promise((resolve) => receiver.close(resolve));
    }
    await this.history.close();
    await this.store.close();
    await this.database.drop();
    await fs.rm(this.folder, { recursive: true, force: true });
  }

  private async proxied(url: string): Promise<readonly [url: string, proxy: CutProxy]> {
    const { host, port } = new pg.Client({ connectionString: url });
    const target: NetConnectOpts = host.startsWith('/') ? { path: `${host}/.s.PGSQL.${port}` } : { host, port };
    const proxy = await CutProxy.to(target);
    this.proxies.push(proxy);
    const { username, password, pathname } = new URL(url);
    const login = password ? `${username}:${password}` : username;
    return [`postgresql://${login}@127.0.0.1:${proxy.port}${pathname}`, proxy];
  }

  /** Whoever receives webhooks, by a way of its own for each instance: so it knows who sends. */
  private async receiver(of: () => SharedService): Promise<CutProxy> {
    const server = http.createServer((request, response) => {
      const { pid } = of();
      const at = Date.now();
      let body = '';
      request.on('data', (chunk) => (body += String(chunk)));
      request.on('end', () => {
        const alert = JSON.parse(body) as Alert;
        this.sent.push({ tenant: alert.data.trial.slice(2), pid, at, alert: alert.id });
        this.received.take(alert);
        setTimeout(() => response.writeHead(204).end(), this.sent.length % 40);
      });
    });
    this.receivers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const proxy = await CutProxy.to({ host: '127.0.0.1', port: (server.address() as AddressInfo).port });
    this.proxies.push(proxy);
    return proxy;
  }
}

let participant = 0;

/** What sites record in a while: somebody is overdue, somebody was late, somebody will be overdue when the day ends. */
async function recordFor(cluster: Cluster, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const at = Date.now();
    await Promise.all(
      TENANTS.map(async (tenant) => {
        const trial = trialOf(tenant);
        const [open, late, soon] = [1, 2, 3].map(() => `P${participant++}`);
        const site = SITES[Math.floor(participant / 3) % SITES.length]!;
        await cluster.append(tenant, [
          ...discharged(trial, open!, at - 4 * DAY, site),
          ...discharged(trial, late!, at - 4 * DAY, site),
          ...discharged(trial, soon!, at - DAY - 2 * HOUR, site),
          ...discharged(trial, `${soon}x`, at - 2 * HOUR, site),
        ]);
        await cluster.append(tenant, [followedUp(trial, late!, at - DAY)]);
      }),
    );
    await pause(1_500, undefined, { signal }).catch(() => undefined);
  }
}

/** The signals of a trial by one evaluation of everything that is on record: since when each holds, and whether it is over. */
function expected(trial: string, log: readonly Fact[]) {
  const own = log.filter(({ data }) => (data as { trial?: string }).trial === trial);
  const register = own
    .filter(({ type }) => trialsProjection.eventTypes.includes(type as TrialEvent['type']))
    .reduce<Trial>((roster, event) => trialsProjection.evolve(roster, event as Fact<TrialEvent>), {
      kind: 'unregistered',
    }) as TrialRoster;
  const facts = trialFacts({ register, recruitmentTo: undefined, events: own as unknown as Fact<DeliveryEvent>[] });
  return rulesInForce(register.protocols[0], []).flatMap(({ definition }) =>
    ruleEpisodes(definition, facts).map(({ subject, cause, from, until }) => ({
      id: signalId(trial, definition.rule, subject, cause),
      from,
      over: until !== undefined && until <= Date.now(),
    })),
  );
}

const signalsOf = (log: readonly Fact[]): readonly Fact<SignalEvent>[] =>
  log.filter(
    ({ type }) => type.startsWith('Signal') && type !== 'SignalRulePublished',
  ) as unknown as Fact<SignalEvent>[];

type Fault = 'black hole' | 'kill' | 'pause' | 'reset';

interface Strike {
  readonly victim: number;
  readonly fault: Fault;
  readonly skew: number;
  readonly hookToo: boolean;
  readonly after: number;
}

const strikes = fc.record({
  victim: fc.constantFrom(0, 1),
  fault: fc.constantFrom<Fault>('pause', 'pause', 'black hole', 'reset', 'kill', 'kill'),
  /** Of the process that comes after one that was killed. */
  skew: fc.constantFrom(-HOUR, 0, HOUR),
  hookToo: fc.boolean(),
  after: fc.integer({ min: 0, max: 1_500 }),
});

/** @returns how long it took until all that the victim held was another one's, in milliseconds */
async function strike(cluster: Cluster, service: Service, given: Strike, lastingMs: number): Promise<number> {
  await pause(given.after);
  const victim = cluster.services[service][given.victim]!;
  const { pid } = victim;
  const had = await cluster.history.heldBy(pid);
  const at = Date.now();
  if (given.fault === 'kill') await victim.end('SIGKILL');
  else if (given.fault === 'pause') victim.pause();
  else victim.cut(given.fault, given.hookToo);
  // What came between is not the victim's doing.
  await eventually(`${service} ${given.victim} is taken over from, after ${given.fault}`, async () => {
    const holding = await cluster.history.heldBy(pid);
    return holding.length === 0 && (await cluster.held(service)).flat().length === TENANTS.length;
  });
  const taken = (await cluster.history.taken()).filter(
    (one) => one.service === service && one.at >= at && had.includes(one.tenant) && one.pid !== pid,
  );
  const took = Math.max(0, ...had.map((tenant) => taken.find((one) => one.tenant === tenant)!.at - at));
  await pause(Math.max(0, lastingMs - (Date.now() - at)));
  if (given.fault === 'kill') await victim.start(given.skew);
  else if (given.fault === 'pause') victim.resume();
  else victim.mend();
  // Which tenants it should have follows from its name, which is new when it was killed: perhaps none.
  await eventually(`${service} ${given.victim} is there again`, async () => {
    const held = await cluster.held(service);
    return held.flat().length === TENANTS.length && (await cluster.allLive(service));
  });
  return took;
}

it(`shares tenants: nothing twice, nothing lost, and nothing by who does not hold them, in ${ROUNDS} rounds`, async () => {
  const cluster = await Cluster.start();
  try {
    const takeovers: Record<Fault, number[]> = { 'black hole': [], kill: [], pause: [], reset: [] };
    let round = 0;
    const ending = new AbortController();
    const recording = recordFor(cluster, ending.signal);
    await fc.assert(
      fc.asyncProperty(fc.tuple(strikes, strikes), async (both) => {
        const isLong = round % Math.floor(ROUNDS / LONG_ROUNDS) === 1;
        round++;
        await Promise.all(
          SERVICES.map(async (service, index) => {
            const given: Strike = isLong ? { ...both[index]!, fault: 'pause' } : both[index]!;
            const lasting = isLong ? LONG_MS : given.fault === 'kill' ? 0 : SHORT_MS;
            takeovers[given.fault].push(await strike(cluster, service, given, lasting));
          }),
        );
      }),
      { numRuns: ROUNDS, endOnFailure: true },
    );
    ending.abort();
    await recording;

    for (const [fault, times] of Object.entries(takeovers)) {
      const inWords = times.map((time) => `${(time / 1_000).toFixed(1)} s`).join(', ');
      console.log(`taken over after ${fault}: ${inWords}`);
      for (const time of times) expect(time).toBeLessThan(TAKEN_OVER_WITHIN_MS);
    }

    for (const tenant of TENANTS) {
      const trial = trialOf(tenant);
      await allSettled(cluster, tenant);
      const log = await cluster.log(tenant);
      const events = signalsOf(log);
      const wanted = new Map(expected(trial, log).map((each) => [each.id, each]));
      for (const [signal, became] of Map.groupBy(events, ({ data }) => data.signal)) {
        expect(became.map(({ revision }) => revision)).toEqual(became.map((_, revision) => revision));
        expect(became.filter(({ type }) => type === 'SignalRaised')).toHaveLength(1);
        // Nobody whose clock is an hour ahead has raised what did not hold yet.
        expect(became[0]!.recordedAt).toBeGreaterThanOrEqual(wanted.get(signal)!.from);
      }
      const alerts = events.map((event) => alertOf(event).alert);
      for (const site of SITES) {
        const ofSite = alerts.filter(({ data }) => data.site === site).map(({ id }) => id);
        expect(cluster.received.ofSite(trial, site)).toEqual(ofSite);
      }
    }
    expect(await cluster.sentWithoutLease()).toEqual([]);
    console.log(`${cluster.sent.length} messages for ${cluster.received.first.length} alerts`);

    await expectReadModelsOfTheLog(cluster);
  } finally {
    await cluster.stop();
  }
}, 3_600_000);

/** Until every signal is there, and nothing waits to be sent. @throws when nothing comes for a minute and a half */
async function allSettled(cluster: Cluster, tenant: TenantId): Promise<void> {
  const trial = trialOf(tenant);
  const left = async (): Promise<number> => {
    const log = await cluster.log(tenant);
    const state = new Map(signalsOf(log).map(({ type, data }) => [data.signal, type]));
    const missing = expected(trial, log)
      .filter(({ from }) => from <= Date.now())
      .filter(({ id, over }) => state.get(id) !== (over ? 'SignalCleared' : 'SignalRaised'));
    const sent = new Set(cluster.received.ofTrial(trial));
    return missing.length + signalsOf(log).filter((event) => !sent.has(alertOf(event).alert.id)).length;
  };
  for (let before = await left(), now = before; before > 0; before = now) {
    await eventually(`${tenant}: fewer than ${before} signals and alerts are missing`, async () => {
      await pause(500);
      now = await left();
      return now < before;
    });
  }
}

/** What is shown is what a new building of the whole log comes to, and all of the log is in it. */
async function expectReadModelsOfTheLog(cluster: Cluster): Promise<void> {
  const { url, services } = cluster.database;
  const models = new ReadModels({ url: services.api, store: cluster.store, models: [participantsProjection] });
  await models.start();
  try {
    for (const { projection } of projections) {
      const { name, version } = projection;
      await eventually(`${name} is at the end of every log`, async () => {
        const behind = await query(
          url,
          `select from read_model.checkpoint c join read_model.generation g using (projection, generation)
           join cairn.log l using (tenant)
           where g.state = 'serving' and projection = $1 and c.position < l.head`,
          [name],
        );
        return behind.length === 0;
      });
      const served = await storedRows(url, `${name}_v${version}`);
      const generation = await models.requestRebuild(name);
      await eventually(`${name} is built again`, async () => {
        return (await models.rebuildProgress(name, generation))?.state === 'serving';
      });
      const built = await storedRows(url, `${name}_v${version}`);
      const contents = (rows: typeof built) =>
        rows.map(({ tenant, scope, id, document }) => ({ tenant, scope, id, document }));
      expect(contents(served)).toEqual(contents(built));
    }
  } finally {
    await models.close();
  }
}

it('notices who goes on under a lease that is another one’s', async () => {
  const cluster = await Cluster.start({ unfenced: true });
  const ending = new AbortController();
  try {
    const recording = recordFor(cluster, ending.signal);
    const held = await cluster.held('alerter');
    const heldBy = (one: SharedService): number => held[cluster.services.alerter.indexOf(one)]!.length;
    const [victim, other] = cluster.services.alerter.toSorted((a, b) => heldBy(b) - heldBy(a));
    victim!.pause();
    await eventually('the other one has them all', async () => {
      return (await cluster.history.heldBy(other!.pid)).length === TENANTS.length;
    });
    victim!.resume();
    await eventually('something was sent by the former holder', async () => {
      await pause(100);
      return (await cluster.sentWithoutLease()).length > 0;
    });
    ending.abort();
    await recording;
  } finally {
    ending.abort();
    await cluster.stop();
  }
}, 180_000);
