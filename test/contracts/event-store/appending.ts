import { randomUUID } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { type AppendOutcome, eventId, type EventStore, type ExpectedRevision } from '@cairn/event-sourcing';
import { anAppend, anEvent, newTenant, times } from './store-under-test.js';

export function appending(given: { readonly store: EventStore; readonly elsewhere: EventStore }): void {
  const kinds = (outcomes: readonly AppendOutcome[], kind: AppendOutcome['kind']) =>
    outcomes.filter((outcome) => outcome.kind === kind);

  describe('expected revision', () => {
    it.each<[ExpectedRevision, 'appended' | 'conflict']>([
      ['any', 'appended'],
      ['none', 'appended'],
      ['exists', 'conflict'],
      [0, 'conflict'],
      [5, 'conflict'],
    ])('%s on a stream that is not there: %s', async (expected, kind) => {
      const tenant = newTenant();
      const outcome = await given.store.append(tenant, anAppend({ expected }));
      expect(outcome).toMatchObject(kind === 'appended' ? { kind, firstRevision: 0 } : { kind, actual: undefined });
      expect(await given.store.readLog(tenant, { limit: 10 })).toHaveLength(kind === 'appended' ? 1 : 0);
    });

    it.each<[ExpectedRevision, 'appended' | 'conflict']>([
      ['any', 'appended'],
      ['exists', 'appended'],
      [1, 'appended'],
      ['none', 'conflict'],
      [0, 'conflict'],
      [2, 'conflict'],
      [2 ** 31, 'conflict'],
      [Number.MAX_SAFE_INTEGER, 'conflict'],
    ])('%s on a stream whose last revision is 1: %s', async (expected, kind) => {
      const tenant = newTenant();
      await given.store.append(tenant, anAppend({ events: [anEvent(1), anEvent(2)] }));
      const outcome = await given.store.append(tenant, anAppend({ expected }));
      expect(outcome).toMatchObject(kind === 'appended' ? { kind, firstRevision: 2 } : { kind, actual: 1 });
      expect(await given.store.readLog(tenant, { limit: 10 })).toHaveLength(kind === 'appended' ? 3 : 2);
    });
  });

  it('says where the events are', async () => {
    const tenant = newTenant();
    await given.store.append(tenant, anAppend({ stream: 'other' }));
    const outcome = await given.store.append(tenant, anAppend({ events: times(3, anEvent) }));
    if (outcome.kind !== 'appended') throw new Error(outcome.kind);
    const stored = await given.store.readStream(tenant, outcome.stream);
    expect(stored.map((event) => event.position)).toEqual(outcome.positions);
    expect(stored.map((event) => event.revision)).toEqual([0, 1, 2]);
    expect(new Set(stored.map((event) => event.recordedAt))).toEqual(new Set([outcome.recordedAt]));
    expect(outcome.positions[0]).toBeLessThan(outcome.positions[2]!);
  });

  it('stores a thousand events of one command together', async () => {
    const tenant = newTenant();
    const outcome = await given.store.append(tenant, anAppend({ events: times(1_000, anEvent) }));
    expect(outcome).toMatchObject({ kind: 'appended', firstRevision: 0 });
    const stored = await given.store.readStream(tenant, 'enrich/participant/S4-0012');
    expect(stored.map((event) => JSON.parse(event.payload).about)).toEqual(times(1_000, (index) => index));
  });

  describe('a command id given again', () => {
    it('stores nothing and answers as the first time', async () => {
      const tenant = newTenant();
      const append = anAppend({ events: times(3, anEvent), expected: 'none' });
      const first = await given.store.append(tenant, append);
      await given.store.append(tenant, anAppend());
      const second = await given.store.append(tenant, append);
      expect(second).toEqual({ ...first, kind: 'repeated' });
      expect(await given.store.readLog(tenant, { limit: 10 })).toHaveLength(4);
    });

    it.each<[string, Parameters<typeof anAppend>[0]]>([
      ['with an expectation that no longer holds', { expected: 'none' }],
      ['with another body', { events: [anEvent('other'), anEvent('more')] }],
      ['for another stream', { stream: 'enrich/participant/S4-0099' }],
      ['for another stream that should exist', { stream: 'enrich/participant/S4-0099', expected: 'exists' }],
    ])('%s is repeated all the same', async (_, change) => {
      const tenant = newTenant();
      const append = anAppend();
      const first = await given.store.append(tenant, append);
      expect(await given.store.append(tenant, { ...append, ...change })).toEqual({ ...first, kind: 'repeated' });
      expect(await given.store.readLog(tenant, { limit: 10 })).toHaveLength(1);
    });

    it('in upper case is the same id', async () => {
      const tenant = newTenant();
      const append = anAppend();
      await given.store.append(tenant, append);
      const again = await given.store.append(tenant, { ...append, commandId: append.commandId.toUpperCase() });
      expect(again.kind).toBe('repeated');
    });

    it('elsewhere is repeated', async () => {
      const tenant = newTenant();
      const append = anAppend({ events: times(2, anEvent) });
      const first = await given.store.append(tenant, append);
      expect(await given.elsewhere.append(tenant, append)).toEqual({ ...first, kind: 'repeated' });
    });

    it('by another tenant is another command', async () => {
      const append = anAppend();
      await given.store.append(newTenant(), append);
      expect(await given.store.append(newTenant(), append)).toMatchObject({ kind: 'appended' });
    });

    it('after a conflict is a first time', async () => {
      const tenant = newTenant();
      const append = anAppend({ expected: 'exists' });
      expect((await given.store.append(tenant, append)).kind).toBe('conflict');
      await given.store.append(tenant, anAppend());
      expect(await given.store.append(tenant, append)).toMatchObject({ kind: 'appended', firstRevision: 1 });
    });

    it.each([
      ['for one stream', () => 'one'],
      ['for as many streams', (index: number) => `stream-${index}`],
    ])('many times at once, %s, stores once', async (_, streamOf) => {
      const tenant = newTenant();
      const append = anAppend({ events: times(2, anEvent) });
      const outcomes = await Promise.all(
        times(40, (index) =>
          (index % 2 === 0 ? given.store : given.elsewhere).append(tenant, { ...append, stream: streamOf(index) }),
        ),
      );
      expect(kinds(outcomes, 'appended')).toHaveLength(1);
      expect(kinds(outcomes, 'repeated')).toHaveLength(39);
      const [first] = kinds(outcomes, 'appended');
      for (const repeated of kinds(outcomes, 'repeated')) expect(repeated).toEqual({ ...first, kind: 'repeated' });
      expect(await given.store.readLog(tenant, { limit: 10 })).toHaveLength(2);
    });
  });

  describe('at once', () => {
    it.each<[string, ExpectedRevision]>([
      ['one of many creates its stream', 'none'],
      ['one of many follows the last event', 0],
    ])('%s', async (_, expected) => {
      const tenant = newTenant();
      if (expected === 0) await given.store.append(tenant, anAppend());
      const outcomes = await Promise.all(
        times(30, (index) => (index % 2 === 0 ? given.store : given.elsewhere).append(tenant, anAppend({ expected }))),
      );
      const next = expected === 0 ? 1 : 0;
      expect(kinds(outcomes, 'appended')).toMatchObject([{ firstRevision: next }]);
      expect(kinds(outcomes, 'conflict')).toEqual(times(29, () => ({ kind: 'conflict', actual: next })));
    });

    it('appends of one stream keep the order in which they came', async () => {
      const tenant = newTenant();
      const outcomes = await Promise.all(
        times(300, (index) => given.store.append(tenant, anAppend({ events: [anEvent(index)] }))),
      );
      expect(outcomes.map((outcome) => outcome.kind === 'appended' && outcome.firstRevision)).toEqual(
        times(300, (index) => index),
      );
      const stored = await given.store.readStream(tenant, 'enrich/participant/S4-0012');
      expect(stored.map((event) => JSON.parse(event.payload).about)).toEqual(times(300, (index) => index));
    });

    it('each append has an outcome of its own', async () => {
      const tenant = newTenant();
      const earlier = anAppend({ stream: 'earlier' });
      const first = await given.store.append(tenant, earlier);
      // Valid for a parser without a stack; a store may refuse it, but only it.
      const deep = `{"deep":${'['.repeat(200_000)}${']'.repeat(200_000)}}`;
      const [good, conflict, repeated, nested, invalid, alsoGood] = await Promise.allSettled([
        given.store.append(tenant, anAppend({ stream: 'a', expected: 'none' })),
        given.store.append(tenant, anAppend({ stream: 'b', expected: 'exists' })),
        given.store.append(tenant, earlier),
        given.store.append(tenant, anAppend({ stream: 'c', events: [{ ...anEvent(), payload: deep }] })),
        given.store.append(tenant, anAppend({ stream: 'd', events: [] })),
        given.store.append(tenant, anAppend({ stream: 'e', events: times(2, anEvent) })),
      ]);
      expect(good).toMatchObject({ value: { kind: 'appended', stream: 'a', firstRevision: 0 } });
      expect(conflict).toMatchObject({ value: { kind: 'conflict', actual: undefined } });
      expect(repeated).toMatchObject({ value: { ...first, kind: 'repeated' } });
      expect(invalid).toMatchObject({ status: 'rejected', reason: { name: 'InvalidAppend' } });
      expect(alsoGood).toMatchObject({ value: { kind: 'appended', stream: 'e', firstRevision: 0 } });
      if (nested.status === 'rejected') expect(nested.reason).toMatchObject({ name: 'InvalidAppend' });
      const stored = await given.store.readLog(tenant, { limit: 10 });
      expect(stored).toHaveLength(nested.status === 'fulfilled' ? 5 : 4);
    });

    it('many tenants do not meet', async () => {
      const tenants = times(12, newTenant);
      const append = anAppend({ expected: 'none' });
      const outcomes = await Promise.all(tenants.map((tenant) => given.store.append(tenant, append)));
      expect(kinds(outcomes, 'appended')).toHaveLength(12);
    });
  });

  it('records at times that never fall with the position', async () => {
    const tenant = newTenant();
    await Promise.all(
      times(100, (index) =>
        (index % 2 === 0 ? given.store : given.elsewhere).append(tenant, anAppend({ stream: `s${index % 7}` })),
      ),
    );
    const recorded = (await given.store.readLog(tenant, { limit: 200 })).map((event) => event.recordedAt);
    expect(recorded).toEqual([...recorded].sort((a, b) => a - b));
    expect(Math.abs(recorded[0]! - Date.now())).toBeLessThan(60_000);
  });

  it('derives event ids from the command id', async () => {
    const tenant = newTenant();
    const commandId = randomUUID();
    await given.store.append(tenant, anAppend({ commandId, events: times(2, anEvent) }));
    const stored = await given.store.readLog(tenant, { limit: 10 });
    expect(stored.map((event) => event.id)).toEqual([eventId(commandId, 0), eventId(commandId, 1)]);
  });
}
