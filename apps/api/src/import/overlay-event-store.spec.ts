import { type Append, type EventStore, InMemoryEventStore, type RecordedEvent } from '@cairn/event-sourcing';
import fc from 'fast-check';
import { OverlayEventStore, OverlayFull } from './overlay-event-store.js';

const commandId = (n: number) => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`;
const append = (n: number, stream: string, count: number, expected: Append['expected'] = 'any'): Append => ({
  stream,
  expected,
  commandId: commandId(n),
  actor: 'someone',
  metadata: { fingerprint: `f${n}` },
  events: Array.from({ length: count }, (_, i) => ({
    type: 'Seen',
    schemaVersion: 1,
    occurredAt: 1_000 + i,
    payload: `{"n":${n}}`,
  })),
});

const someAppend = fc.record({
  id: fc.nat(12),
  stream: fc.constantFrom('a', 'b', 'c'),
  count: fc.integer({ min: 1, max: 3 }),
  expected: fc.oneof(fc.constantFrom('any' as const, 'none' as const, 'exists' as const), fc.nat(5)),
});

async function everythingRead(store: EventStore, tenant = 't') {
  const plain = (events: readonly RecordedEvent[]) => events;
  const read: unknown[] = [await store.head(tenant), await store.tenants()];
  for (const stream of ['a', 'b', 'c']) {
    for (const direction of ['forwards', 'backwards'] as const) {
      read.push(plain(await store.readStream(tenant, stream, { direction })));
      for (const from of [0, 1, 4])
        read.push(plain(await store.readStream(tenant, stream, { from, limit: 2, direction })));
    }
  }
  const log = await store.readLog(tenant, { limit: 1_000 });
  for (const direction of ['forwards', 'backwards'] as const) {
    read.push(log, await store.readLog(tenant, { limit: 1_000, direction }));
    for (const from of [0n, 1n, 3n, 5n, 9n]) read.push(await store.readLog(tenant, { from, limit: 3, direction }));
  }
  for (const event of log) read.push(await store.findEvent(tenant, event.id));
  return read;
}

test('what is read through an overlay is what would have been stored, and nothing reaches the store below', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(someAppend, { maxLength: 12 }),
      fc.array(someAppend, { maxLength: 12 }),
      async (before, after) => {
        const clock = () => 5_000;
        const stored = new InMemoryEventStore(clock);
        const below = new InMemoryEventStore(clock);
        for (const a of before) {
          await stored.append('t', append(a.id, a.stream, a.count, a.expected));
          await below.append('t', append(a.id, a.stream, a.count, a.expected));
        }
        const untouched = await everythingRead(below);
        const overlay = await OverlayEventStore.over(below, 't', clock);
        for (const a of after) {
          const given = append(a.id, a.stream, a.count, a.expected);
          expect(await overlay.append('t', given)).toEqual(await stored.append('t', given));
        }
        expect(await everythingRead(overlay)).toEqual(await everythingRead(stored));
        expect(await everythingRead(below)).toEqual(untouched);
      },
    ),
  );
});

test('what others append meanwhile is not seen', async () => {
  const below = new InMemoryEventStore(() => 1);
  await below.append('t', append(1, 'a', 1));
  const overlay = await OverlayEventStore.over(below, 't', () => 1);
  const asItWas = await everythingRead(overlay);
  await below.append('t', append(2, 'a', 2));
  expect(await everythingRead(overlay)).toEqual(asItWas);
  expect(await overlay.append('t', append(3, 'a', 1, 0))).toMatchObject({ kind: 'appended', firstRevision: 1 });
});

test('appends given at once to one stream are one after another', async () => {
  const overlay = await OverlayEventStore.over(new InMemoryEventStore(() => 1), 't', () => 1);
  const outcomes = await Promise.all(
    [1, 2, 2, 3].map((n) => overlay.append('t', append(n, 'a', 1, n === 3 ? 'none' : 'any'))),
  );
  expect(outcomes.map((outcome) => outcome.kind)).toEqual(['appended', 'appended', 'repeated', 'conflict']);
});

test('a dry run that does not fit is stopped', async () => {
  const overlay = await OverlayEventStore.over(new InMemoryEventStore(() => 1), 't', () => 1, 1_000);
  await overlay.append('t', append(1, 'a', 1));
  await expect(overlay.append('t', append(2, 'a', 1))).rejects.toThrow(OverlayFull);
});
