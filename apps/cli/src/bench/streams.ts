import { once } from 'node:events';
import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { type Append, EventCatalogue, eventId } from '@cairn/event-sourcing';
import { PostgresEventStore } from '@cairn/platform';
import { type RegistryEvent, registryEventTypes, trialStream } from '@cairn/registry';
import { signalEventTypes, signalId, signalStream } from '@cairn/signals';
import type { BenchContext } from './context.js';
import { type Product, withProduct } from './product.js';
import { readModelsOf } from './rebuilding.js';
import { median, percentile, type Section } from './report.js';
import type { Arrivals, StreamReaders } from './stream-readers.js';
import { TENANT } from './trials.js';

const TRIAL = 'streams';
const SITES = Array.from({ length: 20 }, (_, site) => `S${site + 1}`);
/** Each site has one in a second. */
const BETWEEN_ALERTS_MS = 1_000 / SITES.length;
/** What comes to readers after the last alert was recorded. */
const REST_MS = 2_000;
/** Of a hundred readers. */
const STALLED = 1;

const catalogue = new EventCatalogue([...registryEventTypes, ...signalEventTypes]);

/** What a turn with so many readers came to. */
interface Turn {
  readonly latencies: readonly number[];
  /** Deliveries that should have been, and were not. */
  readonly missing: number;
  readonly repeated: number;
  /** Of the API, in bytes: before there were readers, and at the end with them. */
  readonly memory: readonly [before: number, after: number];
}

/** From an append to the stream of each who follows: half over web sockets, half as server-sent events. */
export async function benchStreams({ laboratory, scale }: BenchContext): Promise<Section> {
  const { streamReaders: readers, streamSeconds: seconds, streamBacklog } = scale;
  const url = await laboratory.createCairn('streams');
  const store = new PostgresEventStore({ url, applicationName: 'cairn bench' });
  try {
    await store.append(TENANT, trialWithSites());
    const since = await backlog(store, streamBacklog);
    await readModelsOf({ url, plan: { events: 0, trials: 0, seed: 1 }, appendedIn: 0 });
    return await withProduct(
      url,
      async (product) => {
        const token = await product.tokenOf(TENANT);
        const turn = (stalled: number): Promise<Turn> =>
          during(
            product,
            { port: product.port, token, trial: TRIAL, sites: SITES, readers, stalled, since },
            () => Promise.all(SITES.map((site) => store.append(TENANT, raised(site, 1)))),
            () => alerts(store, seconds),
          );
        await turn(0);
        const without = await turn(0);
        const beside = await turn(Math.ceil((readers * STALLED) / 100));
        return section({ readers, seconds }, without, beside);
      },
      MANY,
    );
  } finally {
    await store.close();
  }
}

/** One person has half of a tenant's places. */
const MANY = { TENANT_SOCKETS: '100000', TENANT_SUBSCRIPTIONS: '100000', TENANT_QUERY_COST_PER_SECOND: '1000000' };

function section(scale: { readonly readers: number; readonly seconds: number }, without: Turn, beside: Turn): Section {
  const [p99, p99Beside] = [without, beside].map(({ latencies }) => percentile(latencies, 0.99)) as [number, number];
  const megabytes = (bytes: number): number => bytes / 1_048_576;
  const { memory } = without;
  return {
    name: 'streams',
    title: `From an append to ${scale.readers.toLocaleString('en')} readers, one alert per second and site, ${SITES.length} sites, ${scale.seconds} s`,
    targets: [
      { title: '99th percentile', figure: p99, atMost: 250, unit: ' ms' },
      { title: `99th percentile beside ${STALLED} % that never read`, figure: p99Beside, atMost: 250, unit: ' ms' },
      { title: 'deliveries missing', figure: without.missing + beside.missing, atMost: 0, unit: '' },
      { title: 'deliveries repeated', figure: without.repeated + beside.repeated, atMost: 0, unit: '' },
    ],
    correctness: [],
    figures: [
      { title: 'median', figure: median(without.latencies), unit: ' ms' },
      { title: 'median beside those who never read', figure: median(beside.latencies), unit: ' ms' },
      { title: 'slowest', figure: Math.max(...without.latencies), unit: ' ms' },
      { title: 'slowest beside those who never read', figure: Math.max(...beside.latencies), unit: ' ms' },
      { title: 'deliveries', figure: without.latencies.length, unit: '' },
      { title: 'memory of the API before', figure: megabytes(memory[0]), unit: ' MB' },
      { title: 'memory of the API with all readers', figure: megabytes(memory[1]), unit: ' MB' },
      { title: 'memory of the API beside those who never read', figure: megabytes(beside.memory[1]), unit: ' MB' },
    ],
    notes: ['Those who never read ask for everything since a backlog that no buffer between takes.'],
  };
}

async function during(
  product: Product,
  readers: StreamReaders,
  warmUp: () => Promise<unknown>,
  work: () => Promise<Recorded>,
): Promise<Turn> {
  const before = await product.memory();
  const worker = new Worker(new URL('./stream-readers.js', import.meta.url), { workerData: readers });
  const failed = new Promise<never>((_, reject) => worker.once('error', reject));
  await Promise.race([once(worker, 'message'), failed]);
  await Promise.race([untilBegun(worker, warmUp), failed]);
  const recorded = await Promise.race([work(), failed]);
  await wait(REST_MS);
  const after = await product.memory();
  worker.postMessage('end');
  const [arrivals] = (await Promise.race([once(worker, 'message'), failed])) as [Arrivals];
  await worker.terminate();
  const each = readers.readers / SITES.length;
  const latencies: number[] = [];
  let [missing, repeated] = [0, 0];
  for (const [id, at] of recorded) {
    const times = arrivals.get(id) ?? [];
    for (const time of times) latencies.push(time - at);
    missing += Math.max(0, each - times.length);
    repeated += Math.max(0, times.length - each);
  }
  return { latencies, missing, repeated, memory: [before, after] };
}

/** Lets alerts come until every reader has had one. */
async function untilBegun(worker: Worker, warmUp: () => Promise<unknown>): Promise<void> {
  let begun = false;
  worker.once('message', () => (begun = true));
  while (!begun) {
    await warmUp();
    await wait(500);
  }
}

/** Ids of alerts, and when their appends began. */
type Recorded = ReadonlyMap<string, number>;

async function alerts(store: PostgresEventStore, seconds: number): Promise<Recorded> {
  const recorded = new Map<string, number>();
  const appends: Promise<unknown>[] = [];
  const began = performance.now();
  for (let nth = 0; nth < seconds * SITES.length; nth++) {
    await wait(Math.max(0, began + nth * BETWEEN_ALERTS_MS - performance.now()));
    const append = raised(SITES[nth % SITES.length]!, 1);
    recorded.set(eventId(append.commandId, 0), performance.timeOrigin + performance.now());
    appends.push(store.append(TENANT, append));
  }
  await Promise.all(appends);
  return recorded;
}

/** Alerts that were there before anybody followed. @returns the first one's id */
async function backlog(store: PostgresEventStore, count: number): Promise<string> {
  const appends = Array.from({ length: Math.ceil(count / 500) }, (_, nth) => raised(SITES[nth % SITES.length]!, 500));
  await Promise.all(appends.map((append) => store.append(TENANT, append)));
  return eventId(appends[0]!.commandId, 0);
}

function raised(site: string, count: number): Append {
  const commandId = randomUUID();
  const [rule, subject] = ['supervision_gap', { kind: 'site', id: site } as const];
  const signal = signalId(TRIAL, rule, subject, commandId);
  const data = {
    ...{ trial: TRIAL, signal, site, rule, subject, severity: 'critical', audience: 'delivery' },
    ...{ ruleVersion: 'default/1', cause: commandId, numbers: { days: 10 }, events: [] },
  } as const;
  const event = catalogue.encode({ type: 'SignalRaised', occurredAt: Date.now(), data });
  const events = Array.from({ length: count }, () => event);
  return { stream: signalStream(TRIAL, signal), expected: 'any', commandId, actor: 'bench', events };
}

function trialWithSites(): Append {
  const employer = { employerKind: 'NHS', employerName: 'Trust', hostOrganisation: 'Trust' } as const;
  const events: readonly RegistryEvent[] = [
    {
      type: 'TrialRegistered',
      occurredAt: 0,
      data: {
        trial: TRIAL,
        title: 'Streams',
        timeZone: 'Europe/London',
        protocol: {
          arms: [{ id: 'support', intervention: true }],
          strata: [],
          interventionWindow: { monthsAfterDischarge: 4 },
          engagementDefinitions: [],
        },
      },
    },
    ...SITES.map((id): RegistryEvent => ({
      type: 'SiteRegistered',
      occurredAt: 0,
      data: { trial: TRIAL, site: id, name: id, ...employer, localities: ['urban'] },
    })),
  ];
  return {
    stream: trialStream(TRIAL),
    expected: 'none',
    commandId: randomUUID(),
    actor: 'bench',
    events: events.map((event) => catalogue.encode(event)),
  };
}
