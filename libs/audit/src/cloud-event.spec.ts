import { canonicalJson } from '@cairn/event-sourcing';
import fc from 'fast-check';
import { cloudEventLine, type ExportedEvent, parseCloudEventLine, scopeOf } from './cloud-event.js';

const event: ExportedEvent = {
  type: 'WardContactRecorded',
  schemaVersion: 1,
  occurredAt: Date.UTC(2017, 1, 1, 9),
  payload: '{"outcome":"attended","trial":"enrich"}',
  id: '9556d166-cad8-56e5-97da-e6402c2293e9',
  stream: 'enrich/participant/S4-0060',
  revision: 3,
  recordedAt: Date.UTC(2017, 1, 2, 10, 0, 0, 7),
  actor: 'coordinator.s4',
  commandId: '6f9619ff-8b86-4011-b42d-00c04fc964ff',
  correlationId: '6f9619ff-8b86-4011-b42d-00c04fc964ff',
  causationId: '6f9619ff-8b86-4011-b42d-00c04fc964ff',
  metadata: {},
};

describe('an event as a line', () => {
  it('is a CloudEvent 1.0 in the one text of RFC 8785', () => {
    const line = cloudEventLine({ ...event, metadata: { source: 'import', batch: 'a "b"' } });
    const said = {
      specversion: '1.0',
      id: event.id,
      source: '/trials/enrich',
      type: 'cairn.WardContactRecorded',
      subject: event.stream,
      time: '2017-02-01T09:00:00.000Z',
      recordedat: '2017-02-02T10:00:00.007Z',
      datacontenttype: 'application/json',
      dataschema: 'schemas/WardContactRecorded.v1.json',
      actor: 'coordinator.s4',
      commandid: event.commandId,
      correlationid: event.correlationId,
      causationid: event.causationId,
      revision: 3,
      metadata: '{"batch":"a \\"b\\"","source":"import"}',
      data: { trial: 'enrich', outcome: 'attended' },
    };
    expect(line).toBe(canonicalJson(said));
  });

  it('leaves out metadata when there is none', () => {
    expect(cloudEventLine(event)).not.toContain('metadata');
  });

  it('is the same however a payload from before was spelled', () => {
    const spelled = { ...event, payload: '{ "trial":"enrich", "outcome":"\\u0061ttended" }' };
    expect(cloudEventLine(spelled)).toBe(cloudEventLine(event));
  });

  it('refuses half of a surrogate pair, which would have no bytes', () => {
    expect(() => cloudEventLine({ ...event, payload: String.raw`{"note":"\ud800"}` })).toThrow(TypeError);
  });

  it('is canonical for any payload and any names, and reads back as what was written', () => {
    const words = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 });
    const time = fc.integer({ min: -62_135_596_800_000, max: 253_402_300_799_999 });
    const events = fc.record({
      type: fc.stringMatching(/^[A-Z][A-Za-z]{0,20}$/),
      schemaVersion: fc.integer({ min: 1, max: 1_000_000 }),
      occurredAt: time,
      recordedAt: time,
      // -0 has no text of its own.
      payload: fc.dictionary(words, fc.jsonValue()).map((value) => canonicalJson(value)),
      id: fc.uuid(),
      stream: words,
      revision: fc.nat(),
      actor: words,
      commandId: fc.uuid(),
      correlationId: words,
      causationId: words,
      metadata: fc.dictionary(words, words),
    });
    fc.assert(
      fc.property(events, (any) => {
        const line = cloudEventLine(any);
        expect(line).toBe(canonicalJson(JSON.parse(line)));
        expect(parseCloudEventLine(line)).toEqual({ event: { ...any, metadata: { ...any.metadata } } });
      }),
    );
  });
});

describe('a line that is no event', () => {
  const line = cloudEventLine(event);
  const altered = (change: (value: Record<string, unknown>) => void): string => {
    const value = JSON.parse(line) as Record<string, unknown>;
    change(value);
    return canonicalJson(value);
  };

  it.each([
    ['is cut off', line.slice(0, -1), 'NOT_JSON'],
    ['has a member too many', altered((v) => (v['tenant'] = 'x')), 'NOT_AN_EVENT'],
    ['misses a member', altered((v) => delete v['actor']), 'NOT_AN_EVENT'],
    ['has a revision that is none', altered((v) => (v['revision'] = -1)), 'NOT_AN_EVENT'],
    ['has white space', line.replace(',', ', '), 'NOT_CANONICAL'],
    ['names a time otherwise', altered((v) => (v['time'] = '2017-02-01T10:00:00.000+01:00')), 'NOT_CANONICAL'],
    ['comes from another source than its stream', altered((v) => (v['source'] = '/trials/x')), 'NOT_CANONICAL'],
    ['has the schema of another type', altered((v) => (v['dataschema'] = 'schemas/X.v1.json')), 'NOT_CANONICAL'],
    ['has empty metadata', altered((v) => (v['metadata'] = '{}')), 'NOT_CANONICAL'],
    ['has metadata that are no texts', altered((v) => (v['metadata'] = '{"a":1}')), 'NOT_CANONICAL'],
    ['has half of a pair', line.replace('attended', String.raw`\ud800`), 'NOT_CANONICAL'],
  ])('%s', (_, text, problem) => {
    expect(parseCloudEventLine(text)).toMatchObject({ problem });
  });
});

it('the scope of a stream is its first segment', () => {
  expect(scopeOf('enrich/participant/S4-0060')).toBe('enrich');
  expect(scopeOf('@access')).toBe('@access');
  expect(scopeOf('tenant')).toBe('@tenant');
  expect(scopeOf('tenant/trial')).toBe('tenant');
});
