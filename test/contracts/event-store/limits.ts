import { describe, expect, it } from '@jest/globals';
import {
  type Append,
  APPEND_MAX_EVENTS,
  type EncodedEvent,
  type EventStore,
  PAYLOAD_MAX_BYTES,
} from '@cairn/event-sourcing';
import { anAppend, anEvent, newTenant, times } from './store-under-test.js';

export function limits(given: { readonly store: EventStore }): void {
  const one = (change: Partial<EncodedEvent>): Partial<Append> => ({ events: [{ ...anEvent(), ...change }] });

  describe('refused for ever', () => {
    it.each<[string, Partial<Append>]>([
      ['an empty stream name', { stream: '' }],
      ['a stream name of 513 characters', { stream: 's'.repeat(513) }],
      ['a line break in a stream name', { stream: 'a\nb' }],
      ['a record separator in a stream name', { stream: 'a\u001eb' }],
      ['a NUL in a stream name', { stream: 'a\0b' }],
      ['half a character in a stream name', { stream: 'a\ud800' }],
      ['a command id that is no UUID', { commandId: 'record-1' }],
      ['an empty actor', { actor: '' }],
      ['a record separator in an actor', { actor: 'a\u001eb' }],
      ['an empty correlation id', { correlationId: '' }],
      ['a NUL in a causation id', { causationId: '\0' }],
      ['no events', { events: [] }],
      ['too many events', { events: times(APPEND_MAX_EVENTS + 1, anEvent) }],
      ['a negative revision', { expected: -1 }],
      ['half a revision', { expected: 1.5 }],
      ['an empty type', one({ type: '' })],
      ['a record separator in a type', one({ type: 'A\u001eB' })],
      ['schema version 0', one({ schemaVersion: 0 })],
      ['schema version 1.5', one({ schemaVersion: 1.5 })],
      ['no time', one({ occurredAt: Number.NaN })],
      ['half a millisecond', one({ occurredAt: 0.5 })],
      ['a time before the year 1', one({ occurredAt: -62_135_596_800_001 })],
      ['a time after the year 9999', one({ occurredAt: 253_402_300_800_000 })],
      ['a payload that is not JSON', one({ payload: '{"a":}' })],
      ['an empty payload', one({ payload: '' })],
      ['a payload that is an array', one({ payload: '[]' })],
      ['a payload that is null', one({ payload: 'null' })],
      ['a raw record separator in a payload', one({ payload: '{"a":"\u001e"}' })],
      ['half a character in a payload', one({ payload: '{"a":"\ud800"}' })],
      ['a payload that is too large', one({ payload: JSON.stringify({ note: 'x'.repeat(PAYLOAD_MAX_BYTES) }) })],
      ['payloads that are too large together', { events: times(17, () => anEvent('x'.repeat(980_000))) }],
    ])('%s', async (_, change) => {
      const tenant = newTenant();
      await expect(given.store.append(tenant, anAppend(change))).rejects.toMatchObject({ name: 'InvalidAppend' });
      expect(await given.store.readLog(tenant, { limit: 10 })).toEqual([]);
    });

    it.each(['', ' ', 'a\nb', 'a\0', 'x'.repeat(101), '\ud800'])('tenant %j', async (tenant) => {
      await expect(given.store.append(tenant, anAppend())).rejects.toMatchObject({ name: 'InvalidAppend' });
      expect(await given.store.readLog(tenant, { limit: 10 })).toEqual([]);
    });
  });

  describe('taken, and given back as it was', () => {
    it.each<[string, Partial<Append>]>([
      ['a stream name of 512 characters of four bytes', { stream: '𝒮'.repeat(256) }],
      ['names with quotes and backslashes', { stream: `O'Neill\\"$1"; --`, actor: `{"a,b"}\\'` }],
      ['a payload of a million bytes', one({ payload: `{"note":"${'x'.repeat(PAYLOAD_MAX_BYTES - 11)}"}` })],
      ['white space, key order and numbers of a payload', one({ payload: '{ "b": 1.0,\n\t"a": 1e400, "b": -0 }' })],
      ['any script', one({ payload: '{"név":"Zoë 👩‍⚕️ שלום 你好 \u2028 e\u0301"}' })],
      ['escaped NULs, separators and half characters', one({ payload: '{"a":"\\u0000\\u001e\\ud800"}' })],
      ['the first millisecond of the year 1', one({ occurredAt: -62_135_596_800_000 })],
      ['a millisecond before 1970', one({ occurredAt: -1 })],
      ['the last millisecond of the year 9999', one({ occurredAt: 253_402_300_799_999 })],
      ['odd milliseconds', { events: times(50, (index) => anEvent(index, 1_646_388_123_001 + index * 7)) }],
      ['metadata', { metadata: { fingerprint: 'ab', 'a "key"': 'line\nbreak \\ \u001e \0 \ud800', __proto_: '' } }],
      ['correlation and causation', { correlationId: 'import-7', causationId: 'row 12' }],
      ['a type and its version', one({ type: 'Begegnung im Gemeinwesen', schemaVersion: 17 })],
    ])('%s', async (_, change) => {
      const tenant = newTenant();
      const append = anAppend(change);
      expect(await given.store.append(tenant, append)).toMatchObject({ kind: 'appended', stream: append.stream });
      const stored = await given.store.readStream(tenant, append.stream);
      expect(
        stored.map(({ type, schemaVersion, occurredAt, payload }) => ({ type, schemaVersion, occurredAt, payload })),
      ).toEqual(append.events);
      expect(stored[0]).toMatchObject({
        tenant,
        stream: append.stream,
        actor: append.actor,
        commandId: append.commandId,
        correlationId: append.correlationId ?? append.commandId,
        causationId: append.causationId ?? append.commandId,
        metadata: append.metadata ?? {},
      });
    });

    it('many large payloads at once', async () => {
      const tenant = newTenant();
      const note = 'é'.repeat(200_000);
      await Promise.all(
        times(30, (index) => given.store.append(tenant, anAppend({ stream: `s${index}`, events: [anEvent(note)] }))),
      );
      const stored = await given.store.readLog(tenant, { limit: 100 });
      expect(stored.filter((event) => event.payload === anEvent(note).payload)).toHaveLength(30);
    });
  });
}
