import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cutStream } from '@cairn/audit';
import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { keysText } from '../../apps/cli/src/verify/trusted-keys.js';
import { writeBundle } from '../../apps/cli/src/export/write-bundle.js';
import { verifyBundle } from '../../apps/cli/src/verify/verify-bundle.js';
import { rounds } from '../support/rounds.js';
import { recordedTrial, rotatedSource, signerOf, someTrial, sourceOf, TRIAL } from '../support/signed-trial.js';

const folder = fs.mkdtempSync(join(tmpdir(), 'cairn-export-'));
afterAll(() => fs.rmSync(folder, { recursive: true }));

let count = 0;
const fresh = (): string => join(folder, String(count++));
const signer = signerOf(1);

/** Every event's data against the schema that the bundle has for it, by a validator that knows nothing of Cairn. */
function expectValid(directory: string): void {
  const ajv = new Ajv2020({ validateFormats: false });
  for (const line of fs.readFileSync(join(directory, 'events.ndjson'), 'utf8').split('\n').slice(0, -1)) {
    const { dataschema, data } = JSON.parse(line) as { dataschema: string; data: unknown };
    const schema =
      ajv.getSchema(dataschema) ?? ajv.compile(JSON.parse(fs.readFileSync(join(directory, dataschema), 'utf8')));
    expect({ dataschema, valid: schema(data), errors: schema.errors }).toEqual({
      dataschema,
      valid: true,
      errors: null,
    });
  }
}

test('what is exported is verified, its tables are made again, and its events fit their schemas', async () => {
  await fc.assert(
    fc.asyncProperty(someTrial, async (trial) => {
      const events = await recordedTrial(trial);
      const source = sourceOf(events, trial.batches, signer);
      const cuts = events.filter(({ type }) => type === 'DataCutTaken');
      const first = events.some(({ stream }) => stream === cutStream(TRIAL, 'look 0')) ? ['look 0'] : [];
      for (const cut of [undefined, ...first]) {
        const directory = fresh();
        await writeBundle(directory, source, { trial: TRIAL, cut });
        const verified = await verifyBundle(directory, { keys: [signer.key], recompute: true });
        expect(verified.manifest.size).toBe(
          cut === undefined
            ? events.length
            : events.findLastIndex(({ stream }) => stream === cutStream(TRIAL, cut)) + 1,
        );
        if (cut === undefined) expect(verified.recomputed).toHaveLength(cuts.length);
        else expect(verified.recomputed).toContain(cut);
        expectValid(directory);
        fs.rmSync(directory, { recursive: true });
      }
    }),
    { numRuns: rounds({ ci: 15, night: 300 }) },
  );
});

describe('a log that several keys have signed', () => {
  const [old, next] = [signerOf(1), signerOf(2)];
  const directory = fresh();
  beforeAll(async () => {
    const [trial] = fc.sample(someTrial, { numRuns: 1, seed: 5 });
    await writeBundle(directory, rotatedSource(await recordedTrial(trial!), old, next), { trial: TRIAL });
  });

  test.each([
    ['the first', [old.key]],
    ['the last', [next.key]],
    ['none, so those of the bundle', undefined],
  ])('is verified by whoever trusts %s of them', async (_which, keys) => {
    await expect(verifyBundle(directory, { keys, recompute: false })).resolves.toMatchObject({
      keysFromBundle: keys === undefined,
    });
  });

  test('is not by whoever trusts another', async () => {
    await expect(verifyBundle(directory, { keys: [signerOf(3).key], recompute: false })).rejects.toMatchObject({
      alteration: { code: 'CHECKPOINT_NOT_SIGNED', position: 1 },
    });
  });

  test('needs the note by which one handed over to the other', async () => {
    const keys = JSON.parse(fs.readFileSync(join(directory, 'keys.json'), 'utf8')) as { keys: string[] };
    fs.writeFileSync(join(directory, 'keys.json'), keysText({ ...keys, rotations: [] }));
    await expect(verifyBundle(directory, { keys: [old.key], recompute: false })).rejects.toMatchObject({
      alteration: { code: 'CHECKPOINT_NOT_SIGNED' },
    });
  });
});
