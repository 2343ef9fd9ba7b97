import http from 'node:http';
import path from 'node:path';
import type { TenantId } from '@cairn/event-sourcing';
import { readTrialFile } from '../bundle/trial-file.js';
import { importBundle } from '../import/import-bundle.js';
import type { BenchContext } from './context.js';
import { query } from './laboratory.js';
import { openLoop } from './open-loop.js';
import { ONE_TENANT, type Product, withProduct } from './product.js';
import { readModelsOf } from './rebuilding.js';
import { median, percentile, type Section } from './report.js';
import { askSiteTable } from './site-table.js';
import { dice, trialId } from './trial-log.js';
import { TENANT, TrialDatabases } from './trials.js';

/** The trial of the demo, seen from this file in `dist` as in `src`. */
const ENRICH = path.resolve(import.meta.dirname, '../../../../infra/demo/enrich');
const ENRICH_TENANT = 'enrich';
const ENRICH_RATE = 20;
const LARGE_RATE = 5;

/** A trial of which tables are asked for, and when its things happened and were recorded. */
interface Travelled {
  readonly tenant: TenantId;
  readonly trial: string;
  readonly events: number;
  readonly occurred: readonly [first: number, last: number];
  readonly recorded: readonly [first: number, last: number];
}

/**
 * Site tables of the past over HTTP: `asOf` and `knownAt` both given, each of them any time in the trial's life, so that no
 * two questions have anything in common and nothing is kept from one to the next.
 */
export async function benchTravel({ laboratory, scale }: BenchContext): Promise<Section> {
  const large = await new TrialDatabases(laboratory, 1).with(scale.travelEvents);
  await readModelsOf(large);
  return withProduct(
    large.url,
    async (product) => {
      await importEnrich(product);
      const enrich = await travelled(large.url, ENRICH_TENANT, 'enrich');
      const big = await travelled(large.url, TENANT, trialId(0));
      const ofEnrich = await latencies(product, enrich, ENRICH_RATE, scale.tableSeconds);
      const ofLarge = await latencies(product, big, LARGE_RATE, scale.tableSeconds);
      const p99 = (measured: readonly number[]): number => percentile(measured, 0.99);
      const of = ({ events }: Travelled): string => `${events.toLocaleString('en')} events`;
      return {
        name: 'travel',
        title: `Site tables of a past moment over HTTP, asOf and knownAt both at random, for ${scale.tableSeconds} s each`,
        targets: [
          {
            title: `99th percentile, ENRICH, ${of(enrich)}, ${ENRICH_RATE}/s`,
            figure: p99(ofEnrich),
            atMost: 150,
            unit: ' ms',
          },
          { title: `99th percentile, ${of(big)}, ${LARGE_RATE}/s`, figure: p99(ofLarge), atMost: 600, unit: ' ms' },
        ],
        correctness: [],
        figures: [
          { title: 'median, ENRICH', figure: median(ofEnrich), unit: ' ms' },
          { title: 'slowest, ENRICH', figure: Math.max(...ofEnrich), unit: ' ms' },
          { title: 'median, large', figure: median(ofLarge), unit: ' ms' },
          { title: 'slowest, large', figure: Math.max(...ofLarge), unit: ' ms' },
          { title: 'requests', figure: ofEnrich.length + ofLarge.length, unit: '' },
        ],
        notes: ['Each table names the position that its knownAt is, which is looked for in the log.'],
      };
    },
    ONE_TENANT,
  );
}

async function latencies(
  { port, tokenOf }: Product,
  { tenant, trial, occurred, recorded }: Travelled,
  rate: number,
  seconds: number,
): Promise<readonly number[]> {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 64 });
  const token = await tokenOf(tenant);
  const roll = dice(1, rate);
  const within = ([first, last]: readonly [number, number]): string =>
    new Date(first + Math.floor(roll() * (last - first))).toISOString();
  const look = (): Promise<void> =>
    askSiteTable(port, agent, token, trial, { asOf: within(occurred), knownAt: within(recorded) });
  try {
    for (let turn = 0; turn < 5; turn++) await look();
    return await openLoop(look, rate, seconds);
  } finally {
    agent.destroy();
  }
}

async function importEnrich({ port, tokenOf }: Product): Promise<void> {
  const reading = await readTrialFile(ENRICH);
  if (reading.kind !== 'read') throw new Error(`the demo's trial cannot be read: ${reading.kind}`);
  const server = { url: `http://127.0.0.1:${port}`, token: await tokenOf(ENRICH_TENANT) };
  const silent = { update: () => undefined, milestone: () => undefined, stop: () => undefined };
  const { refused } = await importBundle(ENRICH, reading.trial, server, ENRICH_TENANT, false, silent, () => undefined);
  if (refused > 0) throw new Error(`${refused} rows of the demo's trial were refused`);
}

/** The register is there from the first of these times on. */
async function travelled(url: string, tenant: TenantId, trial: string): Promise<Travelled> {
  const { rows } = await query(
    url,
    `select count(*)::int as events,
       min(millisecond(occurred_at)) as "occurredFirst", max(millisecond(occurred_at)) as "occurredLast",
       max(millisecond(recorded_at)) filter (where type = 'SiteRegistered') as "recordedFirst",
       max(millisecond(recorded_at)) as "recordedLast"
     from (select *, starts_with(stream, '${trial}/') as own from cairn.event where tenant = '${tenant}') event
     where own`.replaceAll(/millisecond\((\w+)\)/g, '(extract(epoch from $1) * 1000)::float8'),
  );
  const row = rows[0] as Record<string, number>;
  return {
    tenant,
    trial,
    events: row['events']!,
    occurred: [row['occurredFirst']!, row['occurredLast']!],
    recorded: [row['recordedFirst']!, row['recordedLast']!],
  };
}
