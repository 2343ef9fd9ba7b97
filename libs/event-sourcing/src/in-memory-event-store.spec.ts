import { describe, expect, it } from '@jest/globals';
import type { Append } from './event-store.js';
import { InMemoryEventStore } from './in-memory-event-store.js';

// The contract that all stores keep is run for this one too, in test/integration.
describe('event store in memory', () => {
  const append = (stream: string, digit: number): Append => ({
    stream,
    expected: 'any',
    commandId: `0198a3b2-7c1d-7e9f-8a6b-5c4d3e2f1a0${digit}`,
    events: [{ type: 'SiteOpened', schemaVersion: 1, occurredAt: 0, payload: '{}' }],
    actor: 'site-4',
  });

  it('records at the time of its clock, and never earlier than before', async () => {
    const times = [1_000, 900, 1_200];
    const store = new InMemoryEventStore(() => times.shift()!);
    for (const digit of [1, 2, 3]) await store.append('enrich', append('s', digit));
    expect((await store.readLog('enrich', { limit: 3 })).map((event) => event.recordedAt)).toEqual([
      1_000, 1_000, 1_200,
    ]);
  });

  it('calls who wants to know of appends, until they no longer do', async () => {
    const store = new InMemoryEventStore(() => 0);
    const grown: string[] = [];
    const stop = store.onAppended((tenant) => grown.push(tenant));
    await store.append('enrich', append('s', 1));
    await store.append('enrich', append('s', 1));
    await store.append('upsides', append('s', 1));
    stop();
    await store.append('enrich', append('s', 2));
    expect(grown).toEqual(['enrich', 'upsides']);
  });
});
