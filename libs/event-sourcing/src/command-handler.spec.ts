import { beforeEach, describe, expect, it } from '@jest/globals';
import { type CommandOutcome, CommandHandler, type CommandOrigin } from './command-handler.js';
import { accept, type Decider, refuse } from './decider.js';
import { EventCatalogue, type EventOf, eventType } from './event-catalogue.js';
import { eventId, uuidV5 } from './event-id.js';
import { type AppendOutcome, type EventStore, EventStoreUnavailable } from './event-store.js';
import type { EncodedEvent, RecordedEvent } from './event.js';
import { InMemoryEventStore } from './in-memory-event-store.js';

/** A ward with so many beds: admitting the same person twice changes nothing, a full ward refuses. */
const BEDS = 2;
const admitted = eventType('Admitted', { parse: (data) => data as { readonly person: string } });
const discharged = eventType('Discharged', { parse: (data) => data as { readonly person: string } });
type WardEvent = EventOf<typeof admitted | typeof discharged>;
type WardCommand = { readonly admit: string } | { readonly discharge: string };

const ward: Decider<WardCommand, WardEvent, ReadonlySet<string>, { readonly now: number; readonly beds?: number }> = {
  initial: new Set(),
  decide(command, inside, { now, beds = BEDS }) {
    if ('discharge' in command) {
      if (!inside.has(command.discharge)) return refuse('NOT_ADMITTED', 'nobody of that name is here');
      return accept({ type: 'Discharged', occurredAt: now, data: { person: command.discharge } });
    }
    if (inside.has(command.admit)) return accept();
    if (inside.size >= beds) return refuse('WARD_FULL', 'every bed is taken');
    return accept({ type: 'Admitted', occurredAt: now, data: { person: command.admit } });
  },
  evolve(inside, event) {
    const after = new Set(inside);
    if (event.type === 'Admitted') after.add(event.data.person);
    else after.delete(event.data.person);
    return after;
  },
};

const catalogue = new EventCatalogue([admitted, discharged]);
const world = { now: 1_000 };
const stream = 'ward/1';

describe('command handler', () => {
  let store: InMemoryEventStore;
  let handler: CommandHandler;
  /** The same log, as another process would write to it. */
  let elsewhere: CommandHandler;
  beforeEach(() => {
    store = new InMemoryEventStore(() => 5_000);
    handler = new CommandHandler(store, catalogue);
    elsewhere = new CommandHandler(store, catalogue);
  });

  let commands = 0;
  const origin = (change: Partial<CommandOrigin> = {}): CommandOrigin => ({
    tenant: 'enrich',
    commandId: uuidV5(`command ${commands++}`),
    actor: 'nurse',
    fingerprint: 'body',
    ...change,
  });
  const give = (
    command: WardCommand | readonly WardCommand[],
    from: CommandOrigin = origin(),
    to = stream,
    by = handler,
  ): Promise<CommandOutcome> => by.handle(ward, to, Array.isArray(command) ? command : [command], world, from);
  const stored = (): Promise<readonly RecordedEvent[]> => store.readLog('enrich', { limit: 1_000 });
  const code = (outcome: CommandOutcome): string => (outcome.kind === 'refused' ? outcome.refusal.code : outcome.kind);

  it('stores what was decided, and answers with it', async () => {
    const from = origin({ correlationId: 'import-7', causationId: 'row 12' });
    const outcome = await give({ admit: 'Ada' }, from);
    expect(outcome).toEqual({ kind: 'accepted', position: 1n, events: await stored() });
    expect(await stored()).toMatchObject([
      {
        type: 'Admitted',
        occurredAt: 1_000,
        recordedAt: 5_000,
        payload: '{"person":"Ada"}',
        id: eventId(from.commandId, 0),
        stream,
        revision: 0,
        actor: 'nurse',
        commandId: from.commandId,
        correlationId: 'import-7',
        causationId: 'row 12',
      },
    ]);
  });

  it('answers a refusal and stores nothing', async () => {
    expect(await give({ discharge: 'Ada' })).toMatchObject({ kind: 'refused', refusal: { code: 'NOT_ADMITTED' } });
    expect(await stored()).toEqual([]);
  });

  it('accepts what is so already without an event, at the position where it became so', async () => {
    await give({ admit: 'Ada' });
    await give({ admit: 'Ada' }, origin(), 'ward/2');
    expect(await give({ admit: 'Ada' })).toEqual({ kind: 'accepted', position: 1n, events: [] });
    expect(await stored()).toHaveLength(2);
  });

  describe('a command given again', () => {
    it.each<[string, () => CommandHandler]>([
      ['by the same process', () => handler],
      ['by another', () => elsewhere],
    ])('%s has its first outcome, whatever has happened since', async (_, by) => {
      const from = origin();
      const first = await give([{ admit: 'Ada' }, { admit: 'Bo' }], from);
      await give({ discharge: 'Ada' });
      expect(await give([{ admit: 'Ada' }, { admit: 'Bo' }], from, stream, by())).toEqual(first);
      expect(await stored()).toHaveLength(3);
    });

    it('in another case of its id is the same command', async () => {
      const from = origin();
      const first = await give({ admit: 'Ada' }, from);
      expect(await give({ admit: 'Ada' }, { ...from, commandId: from.commandId.toUpperCase() })).toEqual(first);
    });

    it('many times at once is done once', async () => {
      const from = origin();
      const outcomes = await Promise.all(
        Array.from({ length: 20 }, (_, index) =>
          give({ admit: 'Ada' }, from, stream, index % 2 === 0 ? handler : elsewhere),
        ),
      );
      for (const outcome of outcomes) expect(outcome).toEqual(outcomes[0]);
      expect(await stored()).toHaveLength(1);
    });

    it.each<[string, WardCommand, string]>([
      ['for the same stream', { admit: 'Bo' }, stream],
      ['where nothing would have to be added', { admit: 'Ada' }, stream],
      ['for another stream', { admit: 'Ada' }, 'ward/2'],
    ])('with another body, %s, is refused', async (_, command, to) => {
      const from = origin();
      await give({ admit: 'Ada' }, from);
      const other = { ...from, fingerprint: 'other body' };
      for (const by of [handler, elsewhere]) {
        expect(await give(command, other, to, by)).toMatchObject({
          kind: 'refused',
          refusal: { code: 'COMMAND_ID_REUSED', field: 'commandId' },
        });
      }
      expect(await stored()).toHaveLength(1);
    });

    it('with another body for another stream, where nothing would have to be added, is refused', async () => {
      await give({ admit: 'Ada' }, origin(), 'ward/2');
      const from = origin();
      await give({ admit: 'Bo' }, from);
      const outcome = await give({ admit: 'Ada' }, { ...from, fingerprint: 'other body' }, 'ward/2');
      expect(code(outcome)).toBe('COMMAND_ID_REUSED');
    });

    it('by another tenant is another command', async () => {
      const from = origin();
      await give({ admit: 'Ada' }, from);
      const outcome = await give({ admit: 'Bo' }, { ...from, tenant: 'upsides', fingerprint: 'other body' });
      expect(outcome).toMatchObject({ kind: 'accepted', events: [{ tenant: 'upsides', revision: 0 }] });
    });
  });

  describe('several commands as one', () => {
    it('are all stored together, each seeing those before', async () => {
      const from = origin();
      const outcome = await give([{ admit: 'Ada' }, { discharge: 'Ada' }, { admit: 'Bo' }], from);
      expect(outcome).toMatchObject({ kind: 'accepted', position: 3n });
      expect((await stored()).map((event) => event.id)).toEqual([0, 1, 2].map((n) => eventId(from.commandId, n)));
    });

    it('are all refused with the first that is', async () => {
      const outcome = await give([{ admit: 'Ada' }, { admit: 'Bo' }, { admit: 'Cy' }]);
      expect(code(outcome)).toBe('WARD_FULL');
      expect(await stored()).toEqual([]);
      // And what was not stored is not remembered either.
      expect(code(await give({ admit: 'Dee' }))).toBe('accepted');
    });
  });

  describe('when another process has written in between', () => {
    beforeEach(async () => {
      await give({ admit: 'Ada' });
    });

    it('decides again', async () => {
      await give({ admit: 'Bo' }, origin(), stream, elsewhere);
      expect(code(await give({ admit: 'Cy' }))).toBe('WARD_FULL');
      expect(await stored()).toHaveLength(2);
    });

    it('looks again before it refuses', async () => {
      await give({ admit: 'Bo' }, origin(), stream, elsewhere);
      expect(code(await give({ discharge: 'Bo' }))).toBe('accepted');
    });

    it('looks again before it says that nothing has to be added', async () => {
      await give({ discharge: 'Ada' }, origin(), stream, elsewhere);
      expect(await give({ admit: 'Ada' })).toMatchObject({ kind: 'accepted', events: [{ revision: 2 }] });
    });
  });

  it('tells the state as it is now, whoever made it so', async () => {
    expect(await handler.stateOf(ward, 'enrich', stream)).toEqual(new Set());
    await give({ admit: 'Ann' });
    expect(await handler.stateOf(ward, 'enrich', stream)).toEqual(new Set(['Ann']));
    await elsewhere.handle(ward, stream, [{ admit: 'Bob' }], world, origin());
    expect(await handler.stateOf(ward, 'enrich', stream)).toEqual(new Set(['Ann', 'Bob']));
  });

  it('lets 200 commands at once on one stream each have its turn', async () => {
    const wide = { now: 1_000, beds: 1_000 };
    const outcomes = await Promise.all(
      Array.from({ length: 200 }, (_, index) =>
        (index % 2 === 0 ? handler : elsewhere).handle(ward, stream, [{ admit: `person ${index}` }], wide, origin()),
      ),
    );
    expect(new Set(outcomes.map(code))).toEqual(new Set(['accepted']));
    const events = await stored();
    expect(events.map((event) => event.revision)).toEqual(Array.from({ length: 200 }, (_, index) => index));
    expect(new Set(events.map((event) => event.payload)).size).toBe(200);
  });

  it('decides rightly though it keeps hardly any state', async () => {
    const forgetful = new CommandHandler(store, catalogue, 1);
    for (const to of ['ward/1', 'ward/2', 'ward/1', 'ward/2']) {
      await give({ admit: `person ${to} ${commands}` }, origin(), to, forgetful);
    }
    for (const to of ['ward/1', 'ward/2']) {
      expect(code(await give({ admit: 'Cy' }, origin(), to, forgetful))).toBe('WARD_FULL');
    }
  });

  it('forgets its state when an append fails, since the outcome is not known', async () => {
    let answer: 'lost' | 'kept' = 'lost';
    const flaky: EventStore = Object.create(store, {
      append: {
        value: async (tenant: string, append: Parameters<EventStore['append']>[1]): Promise<AppendOutcome> => {
          const outcome = await store.append(tenant, append);
          if (answer === 'lost') throw new EventStoreUnavailable('the answer was lost');
          return outcome;
        },
      },
    }) as EventStore;
    const unlucky = new CommandHandler(flaky, catalogue);
    const from = origin();
    await expect(give({ admit: 'Ada' }, from, stream, unlucky)).rejects.toBeInstanceOf(EventStoreUnavailable);
    answer = 'kept';
    const again = await give({ admit: 'Ada' }, from, stream, unlucky);
    expect(again).toMatchObject({ kind: 'accepted', events: [{ revision: 0 }] });
    expect(await stored()).toHaveLength(1);
  });

  it('gives up on a stream that never stops changing', async () => {
    const restless: EventStore = Object.create(store, {
      append: { value: async (): Promise<AppendOutcome> => ({ kind: 'conflict', actual: 7 }) },
    }) as EventStore;
    const outcome = give({ admit: 'Ada' }, origin(), stream, new CommandHandler(restless, catalogue));
    await expect(outcome).rejects.toMatchObject({
      name: 'EventStoreUnavailable',
      message: expect.stringContaining(stream),
    });
  });

  it('does not store what does not fit its schema', async () => {
    const strict = new CommandHandler(
      store,
      new EventCatalogue([
        eventType('Admitted', {
          parse: (): EncodedEvent => {
            throw new Error('no such person');
          },
        }),
      ]),
    );
    await expect(give({ admit: 'Ada' }, origin(), stream, strict)).rejects.toThrow('no such person');
    expect(await stored()).toEqual([]);
  });
});
