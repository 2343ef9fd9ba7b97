import { afterAll, expect, it } from '@jest/globals';
import {
  type Append,
  EventStoreUnavailable,
  type ExpectedRevision,
  InMemoryEventStore,
  type RecordedEvent,
} from '@cairn/event-sourcing';
import { KurrentEventStore } from '@cairn/platform/kurrent';
import fc from 'fast-check';
import { anAppend, anEvent, newTenant, times } from '../contracts/event-store/store-under-test.js';
import { rounds } from '../support/rounds.js';
import { startKurrentFake } from '../support/kurrent/fake-server.js';

const STREAMS = ['s0', 's1', 's2'];
const starting = startKurrentFake();
const stores = starting.then(({ url }) =>
  times(2, (index) => new KurrentEventStore({ url, applicationName: `writer ${index}`, retryAfter: [1, 1] })),
);
afterAll(async () => {
  await Promise.all((await stores).map((store) => store.close()));
  await (await starting).stop();
});

/** Who appends what, and in which stream; commands come again, at another writer or for another stream. */
const attempt = fc.record({
  writer: fc.nat(1),
  command: fc.nat(5),
  stream: fc.nat(STREAMS.length - 1),
  expected: fc.constantFrom<ExpectedRevision>('any', 'none', 'exists', 0, 1),
  count: fc.integer({ min: 1, max: 3 }),
});
const fault = fc.constantFrom('store', 'store', 'store', 'lose', 'refuse');

/** Plays attempts at once in two processes; what each was told, and what is in the log at the end. */
async function play(attempts: readonly Attempt[], faults: readonly Fault[]) {
  const kurrent = await starting;
  const tenant = newTenant();
  const commands = times(6, () => anAppend().commandId);
  let calls = 0;
  kurrent.faults.onAppend = () => faults[calls++ % faults.length]!;
  const appends = attempts.map(({ command, stream, expected, count }): Append =>
    anAppend({ commandId: commands[command]!, stream: STREAMS[stream]!, expected, events: times(count, anEvent) }),
  );
  const outcomes = await Promise.allSettled(
    appends.map(async (append, index) => (await stores)[attempts[index]!.writer]!.append(tenant, append)),
  );
  kurrent.faults.clear();
  const [one] = await stores;
  const log = await one!.readLog(tenant, { limit: 1_000 });
  return { tenant, appends, outcomes, log };
}

const withoutPlace = ({ position: _position, recordedAt: _recordedAt, ...event }: RecordedEvent) => event;

type Attempt = typeof attempt extends fc.Arbitrary<infer T> ? T : never;
type Fault = typeof fault extends fc.Arbitrary<infer T> ? T : never;

it('random appends from two processes, with answers lost and calls refused, are those of one log', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(attempt, { minLength: 2, maxLength: 8 }),
      fc.array(fault, { minLength: 1, maxLength: 9 }),
      async (attempts, faults) => {
        const { tenant, appends, outcomes, log } = await play(attempts, faults);
        // The same log as a store that cannot fail makes of the commands that were stored, one after the other.
        const model = new InMemoryEventStore(() => 0);
        for (const [first] of Map.groupBy(log, (event) => event.commandId).values()) {
          const { commandId, stream, revision } = first!;
          const count = log.filter((event) => event.commandId === commandId).length;
          const given = appends.find(
            (append) => append.commandId === commandId && append.stream === stream && append.events.length === count,
          );
          expect(given).toBeDefined();
          const expected = revision === 0 ? 'none' : revision - 1;
          expect(await model.append(tenant, { ...given!, expected })).toMatchObject({ kind: 'appended' });
        }
        expect(log.map(withoutPlace)).toEqual((await model.readLog(tenant, { limit: 1_000 })).map(withoutPlace));
        // What anybody was told is what is there.
        outcomes.forEach((outcome, index) => {
          const { commandId, expected } = appends[index]!;
          if (outcome.status === 'rejected') {
            expect(outcome.reason).toBeInstanceOf(EventStoreUnavailable);
            return;
          }
          const told = outcome.value;
          if (told.kind === 'conflict') return expect(expected).not.toBe('any');
          const events = log.filter((event) => event.commandId === commandId);
          expect(told).toMatchObject({
            stream: events[0]!.stream,
            firstRevision: events[0]!.revision,
            positions: events.map(({ position }) => position),
            recordedAt: events[0]!.recordedAt,
          });
        });
        // Whoever asks again when all is well is answered, and changes nothing that is there.
        const stored = new Set(log.map(({ commandId }) => commandId));
        const [, other] = await stores;
        for (const append of appends.filter(({ commandId }) => stored.has(commandId))) {
          expect(await other!.append(tenant, append)).toMatchObject({ kind: 'repeated' });
        }
        expect(await other!.readLog(tenant, { limit: 1_000 })).toEqual(log);
      },
    ),
    { numRuns: rounds({ ci: 6, night: 300 }) },
  );
});

it('and would be noticed if they were not: a server that forgets what it acknowledged', async () => {
  const kurrent = await starting;
  const [store] = await stores;
  const tenant = newTenant();
  kurrent.faults.onAppend = (stream) => (stream.startsWith('t_') ? 'forget' : 'store');
  const outcome = await store!.write(tenant, anAppend());
  kurrent.faults.clear();
  expect(outcome.kind).toBe('appended');
  expect(await store!.readLog(tenant, { limit: 10 })).toEqual([]);
});
