import fc from 'fast-check';
import { ndjsonLines } from './ndjson-lines.js';

async function read(chunks: readonly Uint8Array[], maxBytes = 1_000) {
  const lines = [];
  for await (const page of ndjsonLines(
    (async function* () {
      yield* chunks;
    })(),
    maxBytes,
  ))
    lines.push(...page);
  return lines;
}

test('values come out as they went in, however the bytes are cut', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.jsonValue()), fc.array(fc.nat(9)), async (values, cuts) => {
      const bytes = Buffer.from(values.map((value) => JSON.stringify(value)).join('\r\n'));
      const chunks = [];
      let at = 0;
      for (const size of cuts) chunks.push(bytes.subarray(at, (at += size)));
      chunks.push(bytes.subarray(at));
      const expected = values.map((value, index) => ({
        ordinal: index + 1,
        value: JSON.parse(JSON.stringify(value)) as unknown,
      }));
      expect(await read(chunks, 1_000_000)).toEqual(expected);
    }),
  );
});

test('a wrong or too long line is named, and the ones around it are read', async () => {
  const text = ['1', '{"a":', '', `"${'x'.repeat(1_000)}"`, '2', `"${'y'.repeat(5_000)}`].join('\n');
  const chunks = text.match(/[^]{1,70}/g)!.map((piece) => Buffer.from(piece));
  expect(await read(chunks)).toEqual([
    { ordinal: 1, value: 1 },
    { ordinal: 2, fault: 'not JSON' },
    { ordinal: 4, fault: 'too large' },
    { ordinal: 5, value: 2 },
    { ordinal: 6, fault: 'too large' },
  ]);
});
