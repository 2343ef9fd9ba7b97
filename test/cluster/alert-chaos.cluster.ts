import fs from 'node:fs/promises';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { DeliveryEvent } from '@cairn/delivery';
import { EventStoreUnavailable, type Fact, type Position } from '@cairn/event-sourcing';
import { participantsProjection, ruleEpisodes, rulesInForce, trialFacts } from '@cairn/monitoring';
import {
  Database,
  type EmbeddedPostgres,
  makeServiceLogins,
  migrate,
  PostgresEventStore,
  ReadModels,
  type ServiceUrls,
  startEmbeddedPostgres,
} from '@cairn/platform';
import { type Trial, type TrialEvent, type TrialRoster, trialsProjection } from '@cairn/registry';
import { type Alert, alertOf, type SignalEvent, signalId } from '@cairn/signals';
import fc from 'fast-check';
import { type Api, startApi } from '../../apps/api/src/api.js';
import { readConfiguration } from '../../apps/api/src/configuration.js';
import { catalogue } from '../../apps/alerter/src/catalogue.js';
import { testIssuer, type TestIssuer } from '../support/issuer.js';
import { KilledService } from '../support/killed-service.js';
import { eventually, freePort } from '../support/launched-cairn.js';
import { appendPerson } from '../support/people.js';
import { query } from '../support/projection-kit.js';
import { rounds } from '../support/rounds.js';
import { followAlerts, ReceivedAlerts } from '../support/received-alerts.js';
import { recordSubscription } from '../support/recorded-alerts.js';
import { MASKING_SECRET } from '../support/running-api.js';
import { discharged, followedUp, recordable, registered } from '../support/watched-log.js';

const TENANT = 'unit';
const ROUNDS = rounds({ ci: 20, night: 200 });
const SITES = Array.from({ length: 10 }, (_, n) => `S${n + 1}`);
/** Of each round: who was never followed up, and who was, but late. Each of the latter is two alerts. */
const [OPEN, LATE] = [200, 150];
const DAY = 86_400_000;
/** So long ago that follow-up is overdue, and not so long that anything is entered late. */
const DISCHARGE = Math.floor(Date.now() / DAY) * DAY - 4 * DAY;
const WEBHOOK_SECRET = 'a secret of this test, and of nobody else';

const trialOf = (round: number): string => `T${round + 1}`;

let folder: string;
let postgres: EmbeddedPostgres;
let urls: ServiceUrls;
let store: PostgresEventStore;
let database: Database;
let issuer: TestIssuer;
let api: Api | undefined;
let receiver: http.Server;
let services: Readonly<Record<'alerter' | 'projector', KilledService>>;
const ending = new AbortController();
const webhook = new ReceivedAlerts();
const streamed = new ReceivedAlerts();
const readers: Promise<void>[] = [];

beforeAll(async () => {
  folder = await fs.mkdtemp(path.join(os.tmpdir(), 'cairn-chaos-'));
  await fs.chmod(folder, 0o755);
  postgres = await startEmbeddedPostgres({ dir: path.join(folder, 'data') });
  await migrate(postgres.url);
  urls = await makeServiceLogins(postgres.url);
  const as = { url: urls.alerter, role: 'cairn_alerter' as const, applicationName: 'test' };
  store = new PostgresEventStore({ ...as, retryAfter: Array.from({ length: 100 }, () => 100) });
  database = new Database(as);
  receiver = http.createServer((request, response) => void receive(request, response));
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
  const { port: hookPort } = receiver.address() as AddressInfo;
  services = {
    alerter: new KilledService('alerter', {
      DATABASE_URL: urls.alerter,
      CAIRN_WEBHOOK_SECRET: WEBHOOK_SECRET,
      CAIRN_WEBHOOK_ALLOW_PRIVATE: 'loopback',
    }),
    projector: new KilledService('projector', { DATABASE_URL: urls.projector, CAIRN_PROOFS: 'off' }),
  };
  for (let round = 0; round < ROUNDS; round++) {
    const trial = trialOf(round);
    await append(registered(trial, { sites: SITES, followUpWithinDays: 1 }));
    const sink = { kind: 'webhook' as const, url: `http://127.0.0.1:${hookPort}/hook` };
    const terms = { trial, subscription: 'hook', name: 'hook', sink, audience: 'delivery' as const, filter: {} };
    await recordSubscription(store, TENANT, { type: 'AlertSubscriptionOpened', data: terms });
  }
  await appendPerson(store, TENANT, 'manager', [{ role: 'sponsor_administrator' }, { role: 'trial_manager' }]);
  for (const service of Object.values(services)) service.start();

  const port = await freePort();
  issuer = await testIssuer({ url: `http://127.0.0.1:${port}/oidc` });
  const settings = {
    DATABASE_URL: urls.api,
    PORT: String(port),
    LOG_LEVEL: 'silent',
    ISSUER_FILE: issuer.file,
    CAIRN_MASKING_SECRET: MASKING_SECRET,
    CAIRN_WEBHOOK_SECRET: WEBHOOK_SECRET,
    CAIRN_KEYS_DIR: path.join(folder, 'keys'),
    // One person has a part of them.
    TENANT_SUBSCRIPTIONS: String(ROUNDS * 4),
    TENANT_QUERY_COST_PER_SECOND: '10000',
  };
  api = await startApi(readConfiguration(settings));
  const token = await issuer.token({ tenant: TENANT, person: 'manager', expiresInSeconds: 86_400 });
  const begun = Array.from({ length: ROUNDS }, () => Promise.withResolvers<void>());
  for (const [round, { resolve }] of begun.entries()) {
    const url = `${api.url}/alerts/${trialOf(round)}`;
    readers.push(
      followAlerts({ url, token, begun: resolve, take: (alert) => streamed.take(alert), signal: ending.signal }),
    );
  }
  await Promise.all(begun.map(({ promise }) => promise));
}, 120_000);

afterAll(async () => {
  ending.abort();
  await Promise.all(readers);
  await Promise.all(Object.values(services).map((service) => service.kill()));
  await api?.close();
  await new Promise((resolve) => receiver.close(resolve));
  await store.close();
  await database.close();
  await postgres.stop();
  await issuer?.remove();
  await fs.rm(folder, { recursive: true, force: true });
}, 60_000);

async function receive(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
  let body = '';
  for await (const chunk of request) body += String(chunk);
  webhook.take(JSON.parse(body) as Alert);
  response.writeHead(204).end();
}

/** Appends events as often as it takes, each once. */
async function append(events: readonly (TrialEvent | DeliveryEvent)[]): Promise<void> {
  await Promise.all(
    recordable(events).map(async (each) => {
      for (;;) {
        try {
          const outcome = await store.append(TENANT, { ...each, commandId: each.commandId });
          if (outcome.kind === 'conflict') throw new Error(`conflict on ${each.stream}`);
          return;
        } catch (error) {
          if (!(error instanceof EventStoreUnavailable)) throw error;
        }
      }
    }),
  );
}

/** What sites record of a round, in parts. */
function recordsOf(round: number): readonly (readonly DeliveryEvent[])[] {
  const trial = trialOf(round);
  const people = Array.from({ length: OPEN + LATE }, (_, n) => ({
    participant: `P${n}`,
    site: SITES[n % SITES.length]!,
  }));
  const first = people.map(({ participant, site }, n) => discharged(trial, participant, DISCHARGE + n * 60_000, site));
  const then = people
    .slice(0, LATE)
    .map(({ participant }, n) => [followedUp(trial, participant, DISCHARGE + 3 * DAY + n * 60_000)]);
  const all = [...first, ...then].map((events) => [...events]);
  const parts: DeliveryEvent[][] = [];
  for (let from = 0; from < all.length; from += 50) parts.push(all.slice(from, from + 50).flat());
  return parts;
}

/** Kills, at a moment after the one before, in milliseconds. PostgreSQL recovers as after any crash when one of its own dies. */
const kills = fc.array(
  fc.record({
    victim: fc.constantFrom('alerter', 'alerter', 'projector', 'postgres'),
    after: fc.integer({ min: 50, max: 900 }),
  }),
  { minLength: 2, maxLength: 3 },
);

async function strike(victim: string): Promise<void> {
  if (victim === 'alerter' || victim === 'projector') {
    await services[victim].kill();
    services[victim].start();
    return;
  }
  const own = `select pid from pg_stat_activity where application_name like 'cairn%' or application_name = 'test'`;
  const sessions = await query<{ pid: number }>(postgres.url, own).catch(() => []);
  if (sessions.length > 0) process.kill(sessions[sessions.length >> 1]!.pid, 'SIGKILL');
}

async function wholeLog(): Promise<readonly Fact[]> {
  const facts: Fact[] = [];
  for (let from: Position = 0n; ;) {
    const page = await store.readLog(TENANT, { from, limit: 10_000 });
    facts.push(...page.map((event) => catalogue.decode(event)));
    if (page.length < 10_000) return facts;
    from = page.at(-1)!.position;
  }
}

/** Waits for so many of something; throws when none has come for a minute and a half. */
async function comes(what: string, wanted: number, count: () => Promise<number>): Promise<void> {
  for (let seen = await count(); seen < wanted;) {
    const before = seen;
    await eventually(`${what}: more than ${before} of ${wanted}`, async () => {
      await pause(50);
      seen = await count();
      return seen > before;
    });
  }
}

/** The signals of a trial by one evaluation of everything that is on record, with whether each is over. */
function expected(trial: string, log: readonly Fact[]): ReadonlyMap<string, boolean> {
  const own = log.filter(({ data }) => (data as { trial?: string }).trial === trial);
  const register = own
    .filter(({ type }) => trialsProjection.eventTypes.includes(type as TrialEvent['type']))
    .reduce<Trial>((roster, event) => trialsProjection.evolve(roster, event as Fact<TrialEvent>), {
      kind: 'unregistered',
    }) as TrialRoster;
  const facts = trialFacts({ register, recruitmentTo: undefined, events: own as unknown as Fact<DeliveryEvent>[] });
  return new Map(
    rulesInForce(register.protocols[0], []).flatMap(({ definition }) =>
      ruleEpisodes(definition, facts)
        .filter(({ from }) => from <= Date.now())
        .map(
          ({ subject, cause, until }) =>
            [signalId(trial, definition.rule, subject, cause), until !== undefined && until <= Date.now()] as const,
        ),
    ),
  );
}

const signalsOf = (log: readonly Fact[]): readonly Fact<SignalEvent>[] =>
  log.filter(
    ({ type }) => type.startsWith('Signal') && type !== 'SignalRulePublished',
  ) as unknown as Fact<SignalEvent>[];

it(`raises each signal once and sends each alert to everybody, whatever is killed in ${ROUNDS} rounds`, async () => {
  let round = 0;
  await fc.assert(
    fc.asyncProperty(kills, async (strikes) => {
      const recording = (async (number: number) => {
        for (const part of recordsOf(number)) {
          await append(part);
          await pause(20);
        }
      })(round++);
      for (const { victim, after } of strikes) {
        await pause(after);
        await strike(victim);
      }
      await recording;
    }),
    { numRuns: ROUNDS, endOnFailure: true },
  );

  const count = ROUNDS * (OPEN + LATE);
  await comes('every signal', count + ROUNDS * LATE, async () => {
    const counting = query<{ n: number }>(
      postgres.url,
      `select count(*)::int as n from cairn.event where type in ('SignalRaised', 'SignalCleared')`,
    );
    // PostgreSQL may still be recovering from the last strike.
    const [row] = await counting.catch(() => []);
    return row?.n ?? 0;
  });
  // What a relay that was killed had taken upon itself is somebody else's after a minute.
  await services.alerter.kill();
  await query(postgres.url, 'update alerting.delivery set claimed_until = now() where claimed_until is not null');
  services.alerter.start();

  const log = await wholeLog();
  const events = signalsOf(log);
  const alerts = events.map((event) => alertOf(event).alert);
  await comes('every alert to the webhook', alerts.length, async () => webhook.first.length);
  await comes('every alert to the streams', alerts.length, async () => streamed.first.length);

  for (let number = 0; number < ROUNDS; number++) {
    const trial = trialOf(number);
    const own = events.filter(({ data }) => data.trial === trial);
    const signals = Map.groupBy(own, ({ data }) => data.signal);
    const wanted = expected(trial, log);
    expect(new Set(signals.keys())).toEqual(new Set(wanted.keys()));
    for (const [signal, became] of signals) {
      expect(became.map(({ revision }) => revision)).toEqual(became.map((_, revision) => revision));
      expect(became.filter(({ type }) => type === 'SignalRaised')).toHaveLength(1);
      expect(became.at(-1)!.type).toBe(wanted.get(signal) ? 'SignalCleared' : 'SignalRaised');
    }
    const ids = alerts.filter(({ data }) => data.trial === trial);
    expect(streamed.ofTrial(trial)).toEqual(ids.map(({ id }) => id));
    for (const site of SITES) {
      expect(webhook.ofSite(trial, site)).toEqual(ids.filter(({ data }) => data.site === site).map(({ id }) => id));
    }
  }
  expect(streamed.times).toBe(streamed.first.length);

  // What is shown is made again, and nothing is sent for it.
  const [head, times] = [await store.head(TENANT), webhook.times];
  const models = new ReadModels({ url: urls.api, store, models: [participantsProjection] });
  await models.start();
  const generation = await models.requestRebuild(participantsProjection.name);
  await eventually('the read model is built again', async () => {
    const progress = await models.rebuildProgress(participantsProjection.name, generation);
    return progress?.state === 'serving';
  });
  await models.close();
  expect([await store.head(TENANT), webhook.times, streamed.times]).toEqual([head, times, streamed.first.length]);
}, 3_600_000);
