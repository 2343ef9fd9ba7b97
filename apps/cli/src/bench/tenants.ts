import http from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import type { TenantId } from '@cairn/event-sourcing';
import { PostgresEventStore } from '@cairn/platform';
import type { BenchContext } from './context.js';
import type { Laboratory } from './laboratory.js';
import type { Noise, NoisyTenant } from './noisy-tenant.js';
import { openLoop } from './open-loop.js';
import { withProduct } from './product.js';
import { readModelsOf } from './rebuilding.js';
import { median, percentile, rangeOf, type Section } from './report.js';
import { askSiteTable } from './site-table.js';
import { allocated, trialId, trialLog } from './trial-log.js';
import { appendAll, type TrialDatabase } from './trials.js';

/** Site tables that the quiet tenant asks for, each second. */
const QUIET_RATE = 50;
/** And all others together, but for the noisy one. */
const OTHERS_RATE = 30;
/** For what the last turn left behind. */
const REST_MS = 1_000;
const TRIAL = trialId(0);

const tenantId = (number: number): TenantId => `tenant-${String(number + 1).padStart(2, '0')}`;

/** What a quiet tenant notices of a noisy one, with many others in the same product. */
export async function benchTenants({ laboratory, scale }: BenchContext): Promise<Section> {
  const { tenants, tenantEvents, tenantRounds, tenantSeconds } = scale;
  const database = await tenantLogs(laboratory, tenants, tenantEvents);
  await readModelsOf(database);
  return withProduct(database.url, async ({ port, tokenOf }) => {
    const agent = new http.Agent({ keepAlive: true, maxSockets: 64 });
    const tokens: string[] = [];
    for (let tenant = 0; tenant < tenants; tenant++) tokens.push(await tokenOf(tenantId(tenant)));
    const look = (tenant: number): Promise<void> => askSiteTable(port, agent, tokens[tenant]!, TRIAL);
    const others = (turn: number): Promise<void> => look(2 + (turn % (tenants - 2)));
    const measure = async (): Promise<number[]> => {
      const [latencies] = await Promise.all([
        openLoop(() => look(0), QUIET_RATE, tenantSeconds),
        openLoop(others, OTHERS_RATE, tenantSeconds),
      ]);
      return latencies;
    };
    for (let turn = 0; turn < 2 * tenants; turn++) await look(turn % tenants);
    await measure();

    const noisy = { port, token: tokens[1]!, trial: TRIAL, people: allocated(database.plan, TRIAL) };
    const alone: number[][] = [];
    const beside: number[][] = [];
    const noises: Noise[] = [];
    for (let round = 0; round < tenantRounds; round++) {
      const turns = [
        async () => void alone.push(await measure()),
        async () => noises.push(await duringNoise(noisy, async () => void beside.push(await measure()))),
      ];
      for (const turn of round % 2 === 0 ? turns : turns.reverse()) {
        await turn();
        await wait(REST_MS);
      }
    }
    agent.destroy();
    const failure = noises.find(({ failed }) => failed > 0)?.failure;
    if (failure !== undefined) throw new Error(`the noisy tenant was answered with ${failure}`);
    return section(scale, { alone, beside, noises });
  });
}

interface Measured {
  readonly alone: readonly number[][];
  readonly beside: readonly number[][];
  readonly noises: readonly Noise[];
}

function section(scale: BenchContext['scale'], { alone, beside, noises }: Measured): Section {
  const p99 = (turns: readonly number[][]): number[] => turns.map((latencies) => percentile(latencies, 0.99));
  const perSecond = (kind: 'answered' | 'refused') =>
    noises.map((noise) => noise[kind] / (REST_MS / 1_000 + scale.tenantSeconds));
  const of = (title: string, figures: readonly number[], unit: string) => ({
    title,
    figure: median(figures),
    unit,
    range: rangeOf(figures),
  });
  const [before, after] = [p99(alone), p99(beside)];
  return {
    name: 'tenants',
    title: `Site table of a quiet tenant, ${QUIET_RATE} requests/s, among ${scale.tenants} tenants, ${scale.tenantRounds} rounds of ${scale.tenantSeconds} s`,
    targets: [
      {
        title: '99th percentile beside a tenant that uses up its quota / without it',
        figure: median(after.map((figure, round) => figure / before[round]!)),
        atMost: 2,
        unit: '×',
      },
    ],
    correctness: [],
    figures: [
      of('99th percentile without it', before, ' ms'),
      of('99th percentile beside it', after, ' ms'),
      of('median without it', alone.map(median), ' ms'),
      of('median beside it', beside.map(median), ' ms'),
      of('answers to the noisy tenant', perSecond('answered'), '/s'),
      of('refusals to it, status 429', perSecond('refused'), '/s'),
    ],
    notes: [
      `Each tenant has a trial of ${scale.tenantEvents.toLocaleString('en')} events; the others ask ${OTHERS_RATE} times a second together.`,
      'The noisy one has 48 callers: tables of now and of a past moment, history, meetings; each waits 0.1 s after a refusal.',
    ],
  };
}

/** Does something while a tenant, in a thread of its own, asks for whatever it can get. */
async function duringNoise(noisy: NoisyTenant, work: () => Promise<void>): Promise<Noise> {
  const worker = new Worker(new URL('./noisy-tenant.js', import.meta.url), { workerData: noisy });
  const told = new Promise<Noise>((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', reject);
  });
  // Whoever begins with a full quota has more than one that goes on.
  await wait(REST_MS);
  await work();
  worker.postMessage('end');
  return told;
}

/** Logs of so many tenants, each with one trial; the participants differ, the names do not. */
async function tenantLogs(laboratory: Laboratory, tenants: number, events: number): Promise<TrialDatabase> {
  const url = await laboratory.createCairn('tenants');
  const store = new PostgresEventStore({ url, applicationName: 'cairn bench' });
  const plan = { events, trials: 1, seed: 1 };
  const started = performance.now();
  try {
    for (let tenant = 0; tenant < tenants; tenant++) {
      // The noisy tenant's allocations are looked up in the plan.
      const seed = tenant === 1 ? plan.seed : 1 + tenant;
      await appendAll(store, trialLog({ ...plan, seed }), tenantId(tenant));
    }
  } finally {
    await store.close();
  }
  return { url, plan, appendedIn: performance.now() - started };
}
