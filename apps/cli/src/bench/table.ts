import http from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';
import type { BenchContext } from './context.js';
import { median, percentile, type Section } from './report.js';
import { withProduct } from './product.js';
import { readModelsOf } from './rebuilding.js';
import { trialId } from './trial-log.js';
import { TENANT } from './trials.js';

const RATE = 200;
/** Which every site table shows. */
const SITE_TABLE = `query SiteTable($trial: ID!) {
  trial(id: $trial) {
    engagement {
      asOf position
      overall { ...Counts }
      sites { site { id name employerKind locality } fidelity counts { ...Counts } }
    }
  }
}
fragment Counts on EngagementCounts {
  randomised offered withData engaged notYet notEngaged
  ofWithData { numerator denominator value } ofOffered { value } bounds { lower upper }
}`;

/** The site table over HTTP while the store is large: requests leave by the clock, however the earlier ones fare. */
export async function benchTable({ databases, scale }: BenchContext): Promise<Section> {
  const database = await databases.with(scale.events);
  await readModelsOf(database);
  return withProduct(database.url, async ({ port, tokenOf }) => {
    const agent = new http.Agent({ keepAlive: true, maxSockets: 64 });
    const token = await tokenOf(TENANT);
    const ask = (trial: number): Promise<number> =>
      postQuery(port, token, agent, { trial: trialId(trial % scale.trials) });
    for (let trial = 0; trial < 2 * scale.trials; trial++) await ask(trial);
    await openLoop(ask, RATE, scale.quick ? 0.5 : 3);
    const latencies = await openLoop(ask, RATE, scale.tableSeconds);
    agent.destroy();
    return {
      name: 'table',
      title: `Site table over HTTP, ${RATE} requests/s for ${scale.tableSeconds} s, ${scale.events.toLocaleString('en')} events in the store`,
      targets: [{ title: '99th percentile', figure: percentile(latencies, 0.99), atMost: 20, unit: ' ms' }],
      correctness: [],
      figures: [
        { title: 'median', figure: median(latencies), unit: ' ms' },
        { title: 'slowest', figure: Math.max(...latencies), unit: ' ms' },
        { title: 'requests', figure: latencies.length, unit: '' },
      ],
      notes: [`All ${scale.trials} trials are asked for in turn.`],
    };
  });
}

/**
 * Sends at a steady rate and measures from when a request was due, not from when it could be sent: a server that stalls
 * is not spared the requests that it kept from being sent.
 * @returns latencies in milliseconds
 */
async function openLoop(send: (turn: number) => Promise<unknown>, rate: number, seconds: number): Promise<number[]> {
  const started = performance.now();
  const latencies: Promise<number>[] = [];
  for (let turn = 0; turn < rate * seconds; turn++) {
    const due = started + (turn / rate) * 1_000;
    const early = due - performance.now();
    if (early > 0) await wait(early);
    latencies.push(send(turn).then(() => performance.now() - due));
  }
  return Promise.all(latencies);
}

/** @returns bytes of a good answer */
function postQuery(port: number, token: string, agent: http.Agent, variables: Record<string, string>): Promise<number> {
  const body = JSON.stringify({ query: SITE_TABLE, variables });
  return new Promise((resolve, reject) => {
    const request = http.request(
      {
        host: '127.0.0.1',
        port,
        path: '/graphql',
        method: 'POST',
        agent,
        headers: {
          'content-type': 'application/json',
          'content-length': Buffer.byteLength(body),
          authorization: `Bearer ${token}`,
        },
      },
      (response) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => (text += chunk));
        response.on('end', () => {
          if (response.statusCode === 200 && text.includes('"sites":[{')) resolve(text.length);
          else reject(new Error(`the site table was answered with ${response.statusCode}: ${text.slice(0, 500)}`));
        });
      },
    );
    request.on('error', reject);
    request.end(body);
  });
}
