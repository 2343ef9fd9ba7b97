import { randomUUID } from 'node:crypto';
import { createClient } from 'graphql-ws';
import { WebSocket } from 'ws';
import type { BenchContext } from './context.js';
import { ONE_TENANT, withProduct } from './product.js';
import { readModelsOf } from './rebuilding.js';
import { median, percentile, type Section } from './report.js';
import { type Allocated, allocated, trialId } from './trial-log.js';
import { TENANT } from './trials.js';

const TRIAL = trialId(0);
const CHANGES = `subscription ($trial: ID!) {
  engagementChanged(trial: $trial) { position sites { site { id } counts { engaged withData ofWithData { value } } } }
}`;
const RECORD = `mutation ($input: RecordContactInput!) {
  recordCommunityMeeting(input: $input) {
    ... on CommandAccepted { position }
    ... on CommandRefused { code message }
  }
}`;

/** From sending a community meeting to the push that includes it, through the whole product. */
export async function benchLive({ databases, scale }: BenchContext): Promise<Section> {
  const database = await databases.with(scale.events);
  await readModelsOf(database);
  return withProduct(
    database.url,
    async ({ port, tokenOf }) => {
      const latencies = await meetings(port, await tokenOf(TENANT), scale.meetings, allocated(database.plan, TRIAL));
      return {
        name: 'live',
        title: `From a community meeting's mutation to the push of engagementChanged, ${scale.meetings} meetings`,
        targets: [{ title: '99th percentile', figure: percentile(latencies, 0.99), atMost: 250, unit: ' ms' }],
        correctness: [],
        figures: [
          { title: 'median', figure: median(latencies), unit: ' ms' },
          { title: 'slowest', figure: Math.max(...latencies), unit: ' ms' },
        ],
        notes: [],
      };
    },
    ONE_TENANT,
  );
}

async function meetings(port: number, token: string, count: number, people: readonly Allocated[]): Promise<number[]> {
  const client = createClient({
    url: `ws://127.0.0.1:${port}/graphql`,
    webSocketImpl: WebSocket,
    retryAttempts: 0,
    connectionParams: { token },
  });
  const pushes = new Pushes();
  const ended = (async () => {
    for await (const { data, errors } of client.iterate<{ engagementChanged: { position: string } }>({
      query: CHANGES,
      variables: { trial: TRIAL },
    })) {
      if (!data) throw new Error(`the subscription failed: ${JSON.stringify(errors)}`);
      pushes.came(BigInt(data.engagementChanged.position));
    }
  })();
  ended.catch((error: unknown) => pushes.fail(error));
  try {
    // The first push is what there is already.
    await pushes.including(0n);
    const latencies: number[] = [];
    for (let turn = 0; turn < count; turn++) {
      const sent = performance.now();
      const position = await record(port, token, people[turn % people.length]!);
      latencies.push((await pushes.including(position)) - sent);
    }
    return latencies;
  } finally {
    await client.dispose();
    await ended.catch(() => undefined);
  }
}

/** What the subscription has pushed, and when; a push may come before the mutation's own answer. */
class Pushes {
  private readonly seen: { readonly position: bigint; readonly at: number }[] = [];
  private waiting: { readonly position: bigint; readonly settle: PromiseWithResolvers<number> } | undefined;

  came(position: bigint): void {
    const at = performance.now();
    this.seen.push({ position, at });
    if (this.waiting && position >= this.waiting.position) this.waiting.settle.resolve(at);
  }

  fail(error: unknown): void {
    this.waiting?.settle.reject(error);
  }

  /** @returns when the first push came that includes the position */
  async including(position: bigint): Promise<number> {
    const first = this.seen.find((push) => push.position >= position);
    // Positions rise, so that what came earlier will not be asked for again.
    this.seen.length = 0;
    if (first) return first.at;
    const settle = Promise.withResolvers<number>();
    const timer = setTimeout(() => settle.reject(new Error(`no push included position ${position}`)), 10_000);
    this.waiting = { position, settle };
    try {
      return await settle.promise;
    } finally {
      clearTimeout(timer);
      this.waiting = undefined;
    }
  }
}

async function record(port: number, token: string, { participant, worker }: Allocated): Promise<bigint> {
  const response = await fetch(`http://127.0.0.1:${port}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body: JSON.stringify({
      query: RECORD,
      variables: {
        input: {
          commandId: randomUUID(),
          trial: TRIAL,
          participant,
          worker,
          contact: randomUUID(),
          occurredAt: new Date(Date.now() - 3_600_000).toISOString(),
          mode: 'FACE_TO_FACE',
          outcome: 'ATTENDED',
          minutes: 45,
        },
      },
    }),
  });
  const answer = (await response.json()) as { data?: { recordCommunityMeeting?: { position?: string } } };
  const position = answer.data?.recordCommunityMeeting?.position;
  if (position === undefined) throw new Error(`the meeting was not recorded: ${JSON.stringify(answer)}`);
  return BigInt(position);
}
