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
import { median, percentile, rangeOf, type Section } from './report.js';
import type { Arrivals, StreamReaders } from './stream-readers.js';
import { TENANT } from './trials.js';

export const TRIAL = 'streams';
export const SITES = Array.from({ length: 20 }, (_, site) => `S${site + 1}`);
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

/** Two turns that followed each other. */
interface Round {
  readonly without: Turn;
  readonly beside: Turn;
}

/** From an append to the stream of each who follows: half over web sockets, half as server-sent events. */
export async function benchStreams({ laboratory, scale }: BenchContext): Promise<Section> {
  const { streamReaders: readers, streamSeconds: seconds, streamBacklog, streamRounds } = scale;
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
        const rounds: Round[] = [];
        for (let round = 0; round < streamRounds; round++) {
          const without = await turn(0);
          rounds.push({ without, beside: await turn(Math.ceil((readers * STALLED) / 100)) });
        }
        return section({ readers, seconds }, rounds);
      },
      MANY,
    );
  } finally {
    await store.close();
  }
}

/** One person has half of a tenant's places. */
export const MANY = {
  TENANT_SOCKETS: '100000',
  TENANT_SUBSCRIPTIONS: '100000',
  TENANT_QUERY_COST_PER_SECOND: '1000000',
};

function section(scale: { readonly readers: number; readonly seconds: number }, rounds: readonly Round[]): Section {
  const each = (figure: (turn: Turn) => number) => ({
    without: rounds.map(({ without }) => figure(without)),
    beside: rounds.map(({ beside }) => figure(beside)),
  });
  const p99 = each(({ latencies }) => percentile(latencies, 0.99));
  const medians = each(({ latencies }) => median(latencies));
  const slowest = each(({ latencies }) => latencies.reduce((most, latency) => Math.max(most, latency), 0));
  const memory = each((turn) => turn.memory[1] / 1_048_576);
  const sum = (figure: (turn: Turn) => number): number =>
    rounds.reduce((total, { without, beside }) => total + figure(without) + figure(beside), 0);
  const of = (title: string, figures: readonly number[], unit: string) => ({
    title,
    figure: median(figures),
    unit,
    range: rangeOf(figures),
  });
  return {
    name: 'streams',
    title: `From an append to ${scale.readers.toLocaleString('en')} readers, one alert per second and site, ${SITES.length} sites, ${rounds.length} rounds of ${scale.seconds} s`,
    targets: [
      { title: '99th percentile', figure: median(p99.without), atMost: 250, unit: ' ms' },
      {
        title: `99th percentile beside ${STALLED} % that never read`,
        figure: median(p99.beside),
        atMost: 250,
        unit: ' ms',
      },
      { title: 'deliveries missing', figure: sum(({ missing }) => missing), atMost: 0, unit: '' },
      { title: 'deliveries repeated', figure: sum(({ repeated }) => repeated), atMost: 0, unit: '' },
    ],
    correctness: [],
    figures: [
      of('99th percentile, beside / without', quotients(p99), '×'),
      of('median, beside / without', quotients(medians), '×'),
      of('median', medians.without, ' ms'),
      of('median beside those who never read', medians.beside, ' ms'),
      of('slowest', slowest.without, ' ms'),
      of('slowest beside those who never read', slowest.beside, ' ms'),
      { title: 'deliveries', figure: sum(({ latencies }) => latencies.length), unit: '' },
      { title: 'memory of the API before', figure: rounds[0]!.without.memory[0] / 1_048_576, unit: ' MB' },
      of('memory of the API with all readers', memory.without, ' MB'),
      of('memory of the API beside those who never read', memory.beside, ' MB'),
    ],
    notes: ['Those who never read ask for everything since a backlog that no buffer between takes.'],
  };
}

const quotients = ({ without, beside }: { readonly without: readonly number[]; readonly beside: readonly number[] }) =>
  beside.map((figure, round) => figure / without[round]!);

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

export function raised(site: string, count: number): Append {
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

export function trialWithSites(): Append {
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
