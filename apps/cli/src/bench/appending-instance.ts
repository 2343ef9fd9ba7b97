import { randomUUID } from 'node:crypto';
import { PostgresEventStore } from '@cairn/platform';
import type { AcknowledgedAppend } from './witness.js';
import { payloads } from './workload.js';

/** What an instance is told to do for a while. */
export interface AppendingTurn {
  readonly tenants: readonly string[];
  readonly writers: number;
  /** Milliseconds that are not counted, and those that are. */
  readonly warmUp: number;
  readonly measured: number;
}

/** What it did. Ticks are microseconds of the clock that all processes of a machine share. */
export interface AppendedInTurn {
  /** Acknowledged in the time that counts. */
  readonly counted: number;
  readonly refused: number;
  readonly appends: ReadonlyMap<string, readonly AcknowledgedAppend[]>;
}

/**
 * An instance of whatever appends, as far as the log sees it: a process with an event store of its own. Each of its writers
 * goes from tenant to tenant with a stream of its own in each, and waits for each answer.
 */
const [url, instance] = process.argv.slice(2) as [string, string];
const store = new PostgresEventStore({ url, applicationName: `cairn bench ${instance}` });
const lengths = new Map<string, number>();
const tick = (): number => Number(process.hrtime.bigint() / 1_000n);

async function appendAll({ tenants, writers, warmUp, measured }: AppendingTurn): Promise<AppendedInTurn> {
  const appends = new Map<string, AcknowledgedAppend[]>(tenants.map((tenant) => [tenant, []]));
  const from = performance.now() + warmUp;
  const until = from + measured;
  let [counted, refused] = [0, 0];
  await Promise.all(
    Array.from({ length: writers }, async (_, writer) => {
      const stream = `instance-${instance}/${writer}`;
      for (let turn = writer; performance.now() < until; turn++) {
        const tenant = tenants[turn % tenants.length]!;
        const length = lengths.get(`${tenant} ${writer}`) ?? 0;
        const id = randomUUID();
        const began = tick();
        const outcome = await store.append(tenant, {
          stream,
          expected: length === 0 ? 'none' : length - 1,
          commandId: id,
          actor: 'bench',
          events: [
            {
              type: 'CommunityMeetingRecorded',
              schemaVersion: 1,
              occurredAt: Date.now(),
              payload: payloads[turn % payloads.length]!.text,
            },
          ],
        });
        if (outcome.kind !== 'appended') {
          refused++;
          continue;
        }
        lengths.set(`${tenant} ${writer}`, length + 1);
        appends.get(tenant)!.push({ id, began, acknowledged: tick() });
        const now = performance.now();
        if (now >= from && now < until) counted++;
      }
    }),
  );
  return { counted, refused, appends };
}

process.on('message', (turn: AppendingTurn) => void appendAll(turn).then((told) => process.send!(told)));
process.on('disconnect', () => void store.close().finally(() => process.exit()));
process.send!('ready');
