import { APPEND_MAX_BYTES, canonicalJson, PAYLOAD_MAX_BYTES, parseInstant, sha256Hex } from '@cairn/event-sourcing';
import { specFor } from '@cairn/event-sourcing/spec';
import fc from 'fast-check';
import { type Cut, checkCut, cutHash, type DataCut, notTaken } from './cut.js';
import {
  CutAltered,
  keptText,
  PART_LENGTH,
  readTable,
  splitText,
  type TableContent,
  tableText,
  utf8Length,
} from './cut-tables.js';
import { type CutCommand, type CutMaterial, cutDecider, needsMaterial } from './decide-cut.js';
import { type CutEvent, cutEventTypes } from './events.js';

const now = parseInstant('2020-06-01T12:00:00Z')!;

const flow: TableContent = {
  table: 'flow',
  audience: 'open',
  key: ['site'],
  columns: [
    { name: 'site', definition: 'where they were referred' },
    { name: 'referred', unit: 'participants', definition: 'referred to the trial' },
    { name: 'share', definition: 'of all' },
  ],
  rows: [
    { site: 'S1', referred: 3, share: 0.75 },
    { site: 'Zürich/3 🏔', referred: 1, share: null },
  ],
};
const material: CutMaterial = {
  position: 42n,
  size: 17,
  isEmpty: false,
  protocol: 2,
  code: 'cairn 0.1.0',
  tables: [{ table: 'flow', audience: 'open', text: tableText(flow) }],
};
const take: CutCommand = {
  type: 'takeDataCut',
  trial: 'T',
  cut: 'interim-1',
  occurredBefore: '2020-06-01T00:00:00Z',
  note: 'First look',
};

const text = tableText(flow);
const content: Omit<DataCut, 'hash'> = {
  trial: 'T',
  cut: 'interim-1',
  note: 'First look',
  occurredBefore: '2020-06-01T00:00:00Z',
  position: '42',
  size: 17,
  protocol: 2,
  code: 'cairn 0.1.0',
  tables: [{ table: 'flow', audience: 'open', bytes: Buffer.byteLength(text), sha256: sha256Hex(text), parts: 1 }],
};
const taken: CutEvent = { type: 'DataCutTaken', occurredAt: now, data: { ...content, hash: cutHash(content) } };
const kept: CutEvent = {
  type: 'CutTableKept',
  occurredAt: now,
  data: { trial: 'T', cut: 'interim-1', table: 'flow', part: 0, text },
};

const { given } = specFor(cutDecider, { now, material });

describe('a data cut', () => {
  it('fixes position, time, protocol and code, with its tables', () => {
    given().when(take).then(taken, kept);
  });

  it('is taken once: asked for again it is as it was, whatever has been recorded since', () => {
    given(taken, kept)
      .when(take, { now, material: { ...material, position: 99n, size: 50 } })
      .then();
    given(taken, kept)
      .when({ ...take, occurredBefore: '2020-06-01T01:00:00+01:00' }, { now })
      .then();
  });

  it('keeps its id', () => {
    given(taken, kept)
      .when({ ...take, note: 'Another' })
      .thenRefused('DATA_CUT_EXISTS', 'cut');
    given(taken, kept)
      .when({ ...take, occurredBefore: '2020-05-01T00:00:00Z' })
      .thenRefused('DATA_CUT_EXISTS', 'cut');
  });

  it('is of the past', () => {
    given()
      .when({ ...take, occurredBefore: '2020-06-01T12:00:00.001Z' })
      .thenRefused('OCCURRED_IN_FUTURE');
    given()
      .when({ ...take, occurredBefore: '2020-06-01T14:00:00+02:00' })
      .then(
        ...[taken, kept].map((event): CutEvent => {
          if (event.type !== 'DataCutTaken') return event;
          const { hash: _, ...cut } = { ...event.data, occurredBefore: '2020-06-01T14:00:00+02:00' };
          return { ...event, data: { ...cut, hash: cutHash(cut) } };
        }),
      );
  });

  it('is of something', () => {
    given()
      .when(take, { now, material: { ...material, isEmpty: true } })
      .thenRefused('DATA_CUT_EMPTY', 'occurredBefore');
  });

  it('is refused, not halved, when its tables cannot be stored together', () => {
    const long = 'x'.repeat(PART_LENGTH);
    const rows = Array.from({ length: Math.ceil(APPEND_MAX_BYTES / PART_LENGTH) + 1 }, (_, n) => ({
      site: `S${n}`,
      referred: n,
      share: long,
    }));
    given()
      .when(take, {
        now,
        material: { ...material, tables: [{ table: 'flow', audience: 'open', text: tableText({ ...flow, rows }) }] },
      })
      .thenRefused('DATA_CUT_TOO_LARGE', 'trial');
  });

  it('needs the trial’s tables only where they decide', () => {
    const before: Cut = { kind: 'taken', ...content, hash: cutHash(content) };
    expect(needsMaterial(take, notTaken, { now })).toBe(true);
    expect(needsMaterial(take, before, { now })).toBe(false);
    expect(needsMaterial({ ...take, occurredBefore: '2030-01-01T00:00:00Z' }, notTaken, { now })).toBe(false);
  });

  it('says so when what it says is not what was taken', () => {
    const cut = { ...content, hash: cutHash(content) };
    expect(() => checkCut(cut)).not.toThrow();
    expect(() => checkCut({ ...cut, size: 18 })).toThrow(CutAltered);
    expect(() => checkCut({ ...cut, tables: [{ ...cut.tables[0]!, bytes: 1 }] })).toThrow(CutAltered);
  });
});

const cell = fc.oneof(
  fc.string({ unit: 'grapheme' }),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.boolean(),
  fc.constant(null),
);
const anyTable = fc.uniqueArray(fc.stringMatching(/^[a-z]{1,8}$/), { minLength: 1, maxLength: 5 }).chain((names) =>
  fc.record({
    table: fc.constant('t'),
    audience: fc.constantFrom('open', 'closed', 'unblinded'),
    key: fc.constant([names[0]!]),
    columns: fc.constant(names.map((name) => ({ name, definition: `of ${name}` }))),
    rows: fc
      .array(fc.tuple(...names.map(() => cell)), { maxLength: 20 })
      .map((rows) => rows.map((cells) => Object.fromEntries(names.map((name, at) => [name, cells[at] ?? null])))),
  }),
);

describe('a table', () => {
  it('is read as it was written, and written again in the same bytes', () => {
    fc.assert(
      fc.property(anyTable, (table) => {
        const written = tableText(table);
        expect(tableText(readTable(written))).toBe(written);
        expect(readTable(written)).toEqual(JSON.parse(canonicalJson(table)));
        expect(utf8Length(written)).toBe(Buffer.byteLength(written));
      }),
    );
  });

  it('has no row with other columns', () => {
    expect(() => tableText({ ...flow, rows: [{ site: 'S1', referred: 1 }] })).toThrow(TypeError);
    expect(() => tableText({ ...flow, rows: [{ site: 'S1', referred: 1, share: 1, more: 2 }] })).toThrow(TypeError);
  });

  it('comes together from its parts in any order, each of them storable by itself', () => {
    const texts = fc.string({ unit: fc.constantFrom('a', '"', '\\', 'é', '中', '🏔'), maxLength: 200 });
    fc.assert(
      fc.property(texts, fc.integer({ min: 2, max: 20 }), (whole, length) => {
        const parts = splitText(whole, length).map((part, at) => ({ table: 't', part: at, text: part }));
        const listed = {
          table: 't',
          audience: 'open',
          bytes: 0,
          sha256: sha256Hex(whole),
          parts: parts.length,
        } as const;
        expect(parts.every((part) => part.text.isWellFormed() && part.text.length <= length)).toBe(true);
        const others = [{ table: 'u', part: 0, text: 'other' }];
        expect(keptText('c', listed, [...others, ...parts.toReversed()])).toBe(whole);
      }),
    );
    const widest = splitText('中'.repeat(2 * PART_LENGTH))[0];
    const payload = canonicalJson({ trial: 'T', cut: 'c', table: 't', part: 0, text: widest });
    expect(Buffer.byteLength(payload)).toBeLessThan(PAYLOAD_MAX_BYTES);
    const quoted = canonicalJson({ trial: 'T', cut: 'c', table: 't', part: 0, text: '"'.repeat(PART_LENGTH) });
    expect(Buffer.byteLength(quoted)).toBeLessThan(PAYLOAD_MAX_BYTES);
  });

  it('is never wrong: a part that is missing, double, moved or altered is an error that names it', () => {
    const whole = 'abcdefghij';
    const parts = splitText(whole, 4).map((part, at) => ({ table: 't', part: at, text: part }));
    const listed = { table: 't', audience: 'open', bytes: 10, sha256: sha256Hex(whole), parts: 3 } as const;
    const wrong = [
      parts.slice(1),
      parts.slice(0, 2),
      [...parts, parts[2]!],
      parts.map((part) => ({ ...part, part: 2 - part.part })),
      parts.map((part, at) => (at === 1 ? { ...part, text: 'efgH' } : part)),
      [],
    ];
    for (const each of wrong) {
      expect(() => keptText('interim-1', listed, each)).toThrow('data cut interim-1 was altered: table t');
    }
  });
});

it('events of a cut fit their shapes', () => {
  const [takenType, keptType] = cutEventTypes;
  expect(takenType.schema.parse(taken.data)).toEqual(taken.data);
  expect(keptType.schema.parse(kept.data)).toEqual(kept.data);
});
