import { join } from 'node:path';
import { type Fact, parseInstant, uuidV5 } from '@cairn/event-sourcing';
import { Protocol } from '@cairn/registry/protocol';
import type { SignalEvent } from '@cairn/signals';
import fc from 'fast-check';
import { catalogue } from '../../apps/alerter/src/catalogue.js';
import { rounds } from '../support/rounds.js';
import { watchInMemory } from '../support/watch-in-memory.js';
import { trialFile } from './bundle.js';
import { entriesOf, linesOf } from './signals-events.js';
import { oracleSignals } from './signals-oracle.js';
import { signalWorld } from './signals-oracle-world.js';

const TENANT = 'unit';
const DAY = 86_400_000;

const bundle = join(import.meta.dirname, '../../infra/demo/enrich');
const world = signalWorld(bundle);
const oracle = oracleSignals(world);
const entries = entriesOf(world).sort((a, b) => a.at - b.at);
const [first, last] = [entries[0]!.at, entries.at(-1)!.at];

/** The register, from before anything happened. */
function registration() {
  const { timeZone } = { timeZone: world.zone };
  const register = { title: 'ENRICH', timeZone, protocol: Protocol.parse(trialFile(bundle)) };
  const recruitment = world.recruitmentTo !== undefined && { recruitmentTo: world.recruitmentTo };
  return [
    { type: 'TrialRegistered', data: { trial: 'trial', ...register, ...recruitment } },
    ...world.sites.map(({ id, openedOn }) => ({
      type: 'SiteRegistered',
      data: { trial: 'trial', site: id, openedOn },
    })),
    ...world.workers.map(({ id, site, role, endedAt }) => {
      const ended = endedAt === undefined ? {} : { endedAt: new Date(endedAt).toISOString() };
      return { type: 'WorkerRegistered', data: { trial: 'trial', worker: id, site, role, ...ended } };
    }),
  ].map((event) => ({ ...event, at: 0 }));
}

/** Lets a watch look at some times, and records everything when it happens. @returns what is on record of signals at the end */
async function watched(times: readonly number[]): Promise<readonly Fact<SignalEvent>[]> {
  const { clock, store, watching } = watchInMemory(TENANT);
  let number = 0;
  const record = async ({ type, at, data }: { type: string; at: number; data: object }): Promise<void> => {
    clock.now = Math.max(clock.now, at);
    await store.append(TENANT, {
      stream: 'trial/records',
      expected: 'any',
      commandId: uuidV5(`record ${number++}`),
      actor: 'test',
      events: [{ type, schemaVersion: 1, occurredAt: at, payload: JSON.stringify(data) }],
    });
  };
  for (const event of registration()) await record(event);
  let next = 0;
  for (const time of [...times.toSorted((a, b) => a - b), last + 365 * DAY]) {
    while (entries[next] && entries[next]!.at <= time) await record(entries[next++]!);
    clock.now = time;
    while ((await watching.turn()).more);
  }
  const facts = (await store.readLog(TENANT, { from: 0n, limit: 10_000 })).map((event) => catalogue.decode(event));
  return facts.filter(({ type }) => type.startsWith('Signal')) as unknown as readonly Fact<SignalEvent>[];
}

/** Signals as the oracle has them, as far as they are on record. */
function onRecord(events: readonly Fact<SignalEvent>[]) {
  return [...Map.groupBy(events, ({ data }) => data.signal).values()].map(([raised, ...then]) => {
    if (raised?.type !== 'SignalRaised') throw new Error('a signal begins otherwise than raised');
    const { rule, subject, until } = raised.data;
    const cleared = then.at(-1);
    if (cleared && (cleared.type !== 'SignalCleared' || then.length > 1)) throw new Error('more became of a signal');
    if (until !== undefined) expect(cleared!.occurredAt).toBe(parseInstant(until));
    const over = cleared?.occurredAt;
    return { rule, subject: `${subject.kind} ${subject.id}`, from: raised.occurredAt, until: over };
  });
}

describe('ENRICH, recorded when it happens', () => {
  it.each([
    ['at the end only', []],
    [
      'now and then',
      fc.sample(fc.integer({ min: first, max: last }), { numRuns: rounds({ ci: 25, night: 2_000 }), seed: 5 }),
    ],
  ] as const)(
    'leaves exactly the signals of the oracle on record when it is looked at %s',
    async (_, times) => {
      expect(linesOf(onRecord(await watched(times)))).toEqual(linesOf(oracle));
    },
    60_000,
  );
});
