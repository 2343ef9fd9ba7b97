import { randomUUID } from 'node:crypto';
import fs from 'node:fs/promises';
import { setTimeout as wait } from 'node:timers/promises';
import { type FanOut, PostgresFanOut } from '@cairn/platform';
import { KafkaFanOut } from '@cairn/platform/kafka';
import pg from 'pg';
import { pino } from 'pino';
import type { BenchContext } from './context.js';
import { percentile, type Figure, type Section } from './report.js';

/** What listens, and how often something is announced in a second. */
const LISTENERS = { quick: [1, 5], full: [1, 10, 50] } as const;
const RATES = { quick: [100], full: [100, 1_000, 5_000] } as const;
const SECONDS = { quick: 1, full: 5 } as const;
/** Processes that announce, a connection each. */
const ANNOUNCING = 4;
/** Connections that commit as fast as they can, with a notice in each transaction and without. */
const COMMITTING = 8;
const TICK_MS = 5;
/** What was announced and has not come after so many milliseconds is lost. */
const REST_MS = 2_000;

interface Kind {
  readonly name: string;
  open(): FanOut;
}

/** Hints from the call that announces them to each who listens, by NOTIFY and, where there is a broker, by Kafka. */
export async function benchFanOut({ laboratory, scale, kafkaBrokers }: BenchContext): Promise<Section> {
  const size = scale.quick ? 'quick' : 'full';
  const url = await laboratory.createCairn('fan_out');
  const kinds = [byNotify(url), ...(kafkaBrokers === undefined ? [] : [byKafka(kafkaBrokers)])];
  const figures: Figure[] = [];
  const postmaster = await postmasterOf(url);
  for (const kind of kinds) {
    for (const listeners of LISTENERS[size]) {
      for (const rate of RATES[size]) {
        const turn = await announceAt(kind, listeners, rate, SECONDS[size], postmaster);
        const of = `${kind.name}, ${listeners} listening, ${rate.toLocaleString('en')} a second`;
        figures.push(
          { title: `${of}: p50`, figure: percentile(turn.latencies, 0.5), unit: ' ms' },
          { title: `${of}: p99`, figure: percentile(turn.latencies, 0.99), unit: ' ms' },
          { title: `${of}: announced`, figure: turn.announced / SECONDS[size], unit: '/s' },
          { title: `${of}: did not come`, figure: (turn.missing / (turn.announced * listeners)) * 100, unit: ' %' },
          { title: `${of}: CPU of PostgreSQL`, figure: turn.postgres, unit: ' cores' },
          { title: `${of}: CPU of all that announce and listen`, figure: turn.own, unit: ' cores' },
        );
      }
    }
    for (const listeners of LISTENERS[size]) {
      figures.push({
        title: `${kind.name}: transactions of ${COMMITTING} connections that announce on commit, ${listeners} listening`,
        figure: await commits(kind, url, listeners, SECONDS[size]),
        unit: '/s',
      });
    }
  }
  figures.push({
    title: `transactions of ${COMMITTING} connections that announce nothing`,
    figure: await commits(undefined, url, 0, SECONDS[size]),
    unit: '/s',
  });
  return {
    name: 'fan-out',
    title: 'Hints from process to process',
    targets: [],
    figures,
    correctness: [],
    notes: [
      'Everybody who listens is in the process that measures, with a connection each.',
      ...(kafkaBrokers === undefined ? ['Without KAFKA_BROKERS, NOTIFY alone: npm run kafka starts a broker.'] : []),
    ],
  };
}

const byNotify = (url: string): Kind => ({
  name: 'NOTIFY',
  open: () => new PostgresFanOut({ url, role: 'cairn_projector', applicationName: 'cairn bench' }),
});

function byKafka(brokers: readonly string[]): Kind {
  const topic = `cairn.bench.${randomUUID()}`;
  const logger = pino({ level: 'silent' });
  return {
    name: 'Kafka',
    open: () => new KafkaFanOut({ cluster: { brokers, clientId: 'cairn-bench' }, topic, logger }),
  };
}

interface Turn {
  readonly latencies: readonly number[];
  readonly announced: number;
  readonly missing: number;
  /** Cores that were busy. */
  readonly postgres: number;
  readonly own: number;
}

async function announceAt(
  kind: Kind,
  listeners: number,
  rate: number,
  seconds: number,
  postmaster: number,
): Promise<Turn> {
  const latencies: number[] = [];
  const listening = await listen(kind, listeners, (message) => latencies.push(performance.now() - Number(message)));
  const announcing = Array.from({ length: ANNOUNCING }, () => kind.open());
  // Each has its connection, and nothing of that is counted.
  await Promise.all(announcing.map((fanOut) => fanOut.announce('projected', ['-'])));
  const [postgresBefore, ownBefore] = [await cpuOf(postmaster), process.cpuUsage()];
  const began = performance.now();
  let announced = 0;
  while (performance.now() - began < seconds * 1_000) {
    const due = Math.floor(((performance.now() - began) / 1_000) * rate);
    for (; announced < due; announced++) {
      // Rising, so that no two are one.
      void announcing[announced % ANNOUNCING]!.announce('appended', [String(performance.now() + announced * 1e-9)]);
    }
    await wait(TICK_MS);
  }
  const elapsed = (performance.now() - began) / 1_000;
  const own = process.cpuUsage(ownBefore);
  const postgres = ((await cpuOf(postmaster)) - postgresBefore) / elapsed;
  const until = performance.now() + REST_MS;
  while (latencies.length < announced * listeners && performance.now() < until) await wait(TICK_MS);
  const missing = announced * listeners - latencies.length;
  await Promise.all([...announcing, ...listening].map((fanOut) => fanOut.close()));
  return { latencies, announced, missing, postgres, own: (own.user + own.system) / 1e6 / elapsed };
}

async function listen(kind: Kind, count: number, heard: (message: string) => void): Promise<readonly FanOut[]> {
  const listening = Array.from({ length: count }, () => kind.open());
  await Promise.all(
    listening.map(
      (fanOut) => new Promise<void>((resolve) => fanOut.listen('appended', { heard, connected: () => resolve() })),
    ),
  );
  return listening;
}

/** How many small transactions are committed in a second: a NOTIFY in them has them commit one after another. */
async function commits(kind: Kind | undefined, url: string, listeners: number, seconds: number): Promise<number> {
  const listening = kind ? await listen(kind, listeners, () => undefined) : [];
  const announcing = kind?.open();
  const pool = new pg.Pool({ connectionString: url, max: COMMITTING, options: '-c synchronous_commit=off' });
  await pool.query('create unlogged table if not exists committed (id int primary key, count bigint not null)');
  const until = performance.now() + seconds * 1_000;
  let count = 0;
  await Promise.all(
    Array.from({ length: COMMITTING }, async (_, own) => {
      const client = await pool.connect();
      while (performance.now() < until) {
        await client.query('begin');
        await client.query(
          'insert into committed values ($1, 1) on conflict (id) do update set count = committed.count + 1',
          [own],
        );
        const announce = await announcing?.announceOnCommit(client, 'appended', String(count));
        await client.query('commit');
        announce?.();
        count++;
      }
      client.release();
    }),
  );
  await pool.end();
  await Promise.all([announcing?.close(), ...listening.map((fanOut) => fanOut.close())]);
  return count / seconds;
}

async function postmasterOf(url: string): Promise<number> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid');
  const stat = await statOf(rows[0]!.pid);
  await client.end();
  return Number(stat[1] ?? 0);
}

/** Fields of /proc/<pid>/stat after the name; none where the system does not tell. */
async function statOf(pid: number | string): Promise<readonly string[]> {
  const text = await fs.readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  return text.slice(text.lastIndexOf(')') + 2).split(' ');
}

/** Seconds of CPU that the server's processes have had; those that have ended are not counted. */
async function cpuOf(postmaster: number): Promise<number> {
  const pids = (await fs.readdir('/proc').catch(() => [])).filter((name) => /^\d+$/.test(name));
  const stats = await Promise.all(pids.map(statOf));
  const own = stats.filter((stat) => Number(stat[1]) === postmaster);
  return own.reduce((sum, stat) => sum + (Number(stat[11]) + Number(stat[12])) / 100, 0);
}
