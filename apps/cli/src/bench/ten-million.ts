import { statfs } from 'node:fs/promises';
import os from 'node:os';
import { PostgresEventStore } from '@cairn/platform';
import type { BenchContext } from './context.js';
import { fillLog } from './fill-log.js';
import { appendCost } from './growth.js';
import { type Laboratory, query } from './laboratory.js';
import { type Pages, withPages } from './page-latency.js';
import { ONE_TENANT, withProduct } from './product.js';
import { rebuildAll } from './rebuilding.js';
import { median, percentile, rangeOf, type Section } from './report.js';
import { TENANT, type TrialDatabase } from './trials.js';

/** The events of each trial: a longer log has more trials, not longer ones. */
const EVENTS_OF_A_TRIAL = 50_000;
/** Trials that pages are asked of, in the shorter log and in the longer one. */
const TRIALS_ASKED_FOR = 20;
/** Bytes on the disk that an event may take at the most: its row and indexes, read models twice, and what PostgreSQL logs. */
const BYTES_OF_AN_EVENT = 3_500;
const AT_MOST = 1.3;

/** What an event costs in a log of ten million, against one of a million. Fills in minutes; only run when it is asked for. */
export async function benchTenMillion({ laboratory, scale }: BenchContext): Promise<Section> {
  const { events, manyEvents, rebuildRounds, growthRounds, growthAppends, pageRounds, pages } = scale;
  await enoughRoom(events + manyEvents);
  const few = await filled(laboratory, events);
  const many = await filled(laboratory, manyEvents);
  const rebuilds = { few: [] as number[], many: [] as number[], fewPeak: 0, manyPeak: 0 };
  for (let round = 0; round < rebuildRounds; round++) {
    for (const [which, database] of [
      ['few', few],
      ['many', many],
    ] as const) {
      const { eventsPerSecond, peakMemory = 0 } = await rebuildAll(database);
      rebuilds[which].push(1e6 / eventsPerSecond);
      rebuilds[`${which}Peak`] = Math.max(rebuilds[`${which}Peak`], peakMemory / 1e6);
      console.error(
        `  rebuilt ${which} at ${Math.round(eventsPerSecond)} events/s, ${Math.round(peakMemory / 1e6)} MB`,
      );
    }
  }
  const appends = await alternately(few, many, growthRounds, async (database) => {
    const store = new PostgresEventStore({ url: database.url, applicationName: 'cairn bench' });
    try {
      await appendCost(store, growthAppends / 4);
      return await appendCost(store, growthAppends);
    } finally {
      await store.close();
    }
  });
  const latencies = await pagesOf(few, many, pageRounds, pages);
  const ratio = ({ few, many }: Compared): number => median(many.map((cost, round) => cost / few[round]!));
  const [short, long] = [few, many].map(({ plan }) => `${plan.events.toLocaleString('en')} events`);
  const target = (title: string, compared: Compared) => ({
    title,
    figure: ratio(compared),
    atMost: AT_MOST,
    unit: '×',
  });
  const figures = (title: string, compared: Compared, unit: string) => [
    { title: `${title}, ${short}`, figure: median(compared.few), unit, range: rangeOf(compared.few) },
    { title: `${title}, ${long}`, figure: median(compared.many), unit, range: rangeOf(compared.many) },
  ];
  return {
    name: 'ten-million',
    title: `Cost per event in a log of ${long} against one of ${short}, ${EVENTS_OF_A_TRIAL.toLocaleString('en')} of each trial`,
    targets: [
      target('append, 32 writers', appends),
      target('rebuild of all read models', rebuilds),
      ...PAGES.map(([title, name]) => target(`${title}, median`, latencies[name].medians)),
    ],
    correctness: [],
    figures: [
      ...figures('append', appends, ' µs'),
      ...figures('rebuild', rebuilds, ' µs'),
      { title: `peak memory of a rebuild, ${short}`, figure: rebuilds.fewPeak, unit: ' MB' },
      { title: `peak memory of a rebuild, ${long}`, figure: rebuilds.manyPeak, unit: ' MB' },
      ...PAGES.flatMap(([title, name]) => [
        ...figures(`${title}, median`, latencies[name].medians, ' ms'),
        ...figures(`${title}, 99th percentile`, latencies[name].p99, ' ms'),
      ]),
      { title: `on the disk, ${short}`, figure: await bytesPerEvent(few), unit: ' bytes/event' },
      { title: `on the disk, ${long}`, figure: await bytesPerEvent(many), unit: ' bytes/event' },
      { title: `filling, ${long}`, figure: (manyEvents / many.appendedIn) * 1_000, unit: ' events/s' },
    ],
    notes: [`Pages are of ${TRIALS_ASKED_FOR} trials in each log; the notary does not run.`],
  };
}

interface Compared {
  readonly few: readonly number[];
  readonly many: readonly number[];
}

const PAGES = [
  ['page of 100 events anywhere in the log', 'log'],
  ['site table', 'table'],
  ["page of a trial's history", 'trialHistory'],
  ["page of a participant's history", 'participantHistory'],
] as const satisfies readonly (readonly [title: string, page: keyof Pages])[];

async function filled(laboratory: Laboratory, events: number): Promise<TrialDatabase> {
  const url = await laboratory.createCairn(`filled_${events}`);
  const plan = { events, trials: Math.max(1, Math.round(events / EVENTS_OF_A_TRIAL)), seed: 1 };
  const started = performance.now();
  await fillLog(url, plan, TENANT);
  const appendedIn = performance.now() - started;
  console.error(`  filled ${events.toLocaleString('en')} events in ${Math.round(appendedIn / 1_000)} s`);
  return { url, plan, appendedIn };
}

async function alternately(
  few: TrialDatabase,
  many: TrialDatabase,
  rounds: number,
  measure: (database: TrialDatabase) => Promise<number>,
): Promise<Compared> {
  const measured = { few: [] as number[], many: [] as number[] };
  for (let round = 0; round < rounds; round++) {
    measured.few.push(await measure(few));
    measured.many.push(await measure(many));
  }
  return measured;
}

interface Latencies {
  readonly medians: { readonly few: number[]; readonly many: number[] };
  readonly p99: { readonly few: number[]; readonly many: number[] };
}

/** Both products run, and are asked in turns. */
async function pagesOf(
  few: TrialDatabase,
  many: TrialDatabase,
  rounds: number,
  count: number,
): Promise<Readonly<Record<keyof Pages, Latencies>>> {
  const none = (): Latencies => ({ medians: { few: [], many: [] }, p99: { few: [], many: [] } });
  const latencies = { log: none(), table: none(), trialHistory: none(), participantHistory: none() };
  const measure = async (of: 'few' | 'many', pages: Pages, warm: boolean): Promise<void> => {
    for (const [, name] of PAGES) {
      const taken: number[] = [];
      for (let nth = 0; nth < count; nth++) {
        const began = performance.now();
        await pages[name]();
        taken.push(performance.now() - began);
      }
      if (!warm) continue;
      latencies[name].medians[of].push(median(taken));
      latencies[name].p99[of].push(percentile(taken, 0.99));
    }
  };
  const settings = { ...ONE_TENANT, CAIRN_PROOFS: 'off' };
  await withProduct(
    few.url,
    (short) =>
      withProduct(
        many.url,
        (long) =>
          withPages(few, short, TENANT, trialsOf(few), (ofFew) =>
            withPages(many, long, TENANT, trialsOf(many), async (ofMany) => {
              for (let round = 0; round <= rounds; round++) {
                await measure('few', ofFew, round > 0);
                await measure('many', ofMany, round > 0);
              }
            }),
          ),
        settings,
      ),
    settings,
  );
  return latencies;
}

const trialsOf = ({ plan }: TrialDatabase): number => Math.min(TRIALS_ASKED_FOR, plan.trials);

async function bytesPerEvent({ url, plan }: TrialDatabase): Promise<number> {
  const { rows } = await query(url, 'select pg_database_size(current_database())::float8 as bytes');
  return (rows[0] as { readonly bytes: number }).bytes / plan.events;
}

/** @throws when the disk would be full before the end */
async function enoughRoom(events: number): Promise<void> {
  const { bavail, bsize } = await statfs(os.tmpdir());
  const [free, wanted] = [bavail * bsize, events * BYTES_OF_AN_EVENT];
  const gigabytes = (bytes: number): string => `${(bytes / 1e9).toFixed(1)} GB`;
  console.error(`  takes up to ${gigabytes(wanted)} of the ${gigabytes(free)} that are free in ${os.tmpdir()}`);
  if (free < wanted)
    throw new Error(`${gigabytes(wanted)} are needed in ${os.tmpdir()}, and ${gigabytes(free)} are free`);
}
