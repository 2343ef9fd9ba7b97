import { randomUUID } from 'node:crypto';
import http from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';
import { ask } from './ask.js';
import { SITE_TABLE } from './site-table.js';
import type { Allocated } from './trial-log.js';

/** What the thread is given. */
export interface NoisyTenant {
  readonly port: number;
  readonly token: string;
  readonly trial: string;
  readonly people: readonly Allocated[];
}

/** What it tells when it was asked to end. */
export interface Noise {
  readonly answered: number;
  /** Over the quota, with status 429. */
  readonly refused: number;
  /** Everything else, which there should be none of, and an example. */
  readonly failed: number;
  readonly failure?: string;
}

/** How long a caller waits after a refusal; what it is told to wait it does not heed. */
const IMPATIENCE_MS = 100;
/** A moment in the middle of the trial: facts are counted anew for it. */
const PAST = '2018-01-01T00:00:00Z';
const PAST_TABLE = SITE_TABLE.replace('$asOf: DateTime', `$asOf: DateTime = "${PAST}"`);
const HISTORY = `query ($trial: ID!) {
  trial(id: $trial) { history(last: 100) { edges { node { id position stream type data } } } }
}`;
const RECORD = `mutation ($input: RecordContactInput!) {
  recordCommunityMeeting(input: $input) { ... on CommandAccepted { position } ... on CommandRefused { code } }
}`;

/** So many callers ask for it, one request after another each. */
const CALLERS: readonly (readonly [callers: number, query: string])[] = [
  [24, SITE_TABLE],
  [8, PAST_TABLE],
  [8, HISTORY],
  [8, RECORD],
];

const { port, token, trial, people } = workerData as NoisyTenant;
const agent = new http.Agent({ keepAlive: true });
const noise = { answered: 0, refused: 0, failed: 0, failure: undefined as string | undefined };
let over = false;
parentPort!.once('message', () => (over = true));

let turn = 0;
function variables(query: string): Readonly<Record<string, unknown>> {
  if (query !== RECORD) return { trial };
  const input = {
    ...people[turn++ % people.length]!,
    commandId: randomUUID(),
    trial,
    contact: randomUUID(),
    occurredAt: new Date(Date.now() - 3_600_000).toISOString(),
    mode: 'FACE_TO_FACE',
    outcome: 'ATTENDED',
    minutes: 45,
  };
  return { input };
}

async function call(query: string): Promise<void> {
  while (!over) {
    const { status, text } = await ask(port, agent, token, query, variables(query));
    if (status === 200 && !text.includes('"errors"')) {
      noise.answered++;
    } else if (status === 429) {
      noise.refused++;
      await wait(IMPATIENCE_MS);
    } else {
      noise.failed++;
      noise.failure ??= `${status}: ${text.slice(0, 300)}`;
    }
  }
}

await Promise.all(CALLERS.flatMap(([callers, query]) => Array.from({ length: callers }, () => call(query))));
agent.destroy();
parentPort!.postMessage(noise);
