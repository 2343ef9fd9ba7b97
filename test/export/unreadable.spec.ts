import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { verifierKeyText } from '@cairn/audit';
import fc from 'fast-check';
import { writeBundle } from '../../apps/cli/src/export/write-bundle.js';
import { LINE_MAX_BYTES } from '../../apps/cli/src/verify/bundle-files.js';
import { cairn } from '../support/cairn-command.js';
import { recordedTrial, signerOf, someTrial, sourceOf, TRIAL } from '../support/signed-trial.js';

/* What somebody may put before `cairn verify`: each is told in a sentence with a code, never by a stack trace. */

const folder = fs.mkdtempSync(join(tmpdir(), 'cairn-unreadable-'));
const whole = join(folder, 'whole');
const signer = signerOf(1);
let count = 0;

beforeAll(async () => {
  const [trial] = fc.sample(someTrial, { numRuns: 1, seed: 11 });
  const events = await recordedTrial(trial!);
  await writeBundle(whole, sourceOf(events, trial!.batches, signer), { trial: TRIAL });
});
afterAll(() => fs.rmSync(folder, { recursive: true }));

async function verify(spoil: (directory: string) => void, ...options: readonly string[]) {
  const directory = join(folder, String(count++));
  fs.cpSync(whole, directory, { recursive: true });
  spoil(directory);
  const { exitCode, out, err } = await cairn({}, 'verify', directory, '--json', ...options);
  return { exitCode, err, ...(JSON.parse(out) as { result: string; code?: string; position?: number }) };
}

const write = (name: string, content: string | Buffer) => (directory: string) =>
  fs.writeFileSync(join(directory, name), content);
const remove = (name: string) => (directory: string) => fs.rmSync(join(directory, name));
const append = (name: string, content: string | Buffer) => (directory: string) =>
  fs.appendFileSync(join(directory, name), content);

test('untouched, it is verified', async () => {
  expect(await verify(() => undefined, '--key', verifierKeyText(signer.key))).toMatchObject({
    exitCode: 0,
    result: 'verified',
  });
});

test.each<[string, (directory: string) => void, string]>([
  ['no manifest', remove('manifest.json'), 'BUNDLE_MISSING'],
  ['a manifest that is no JSON', write('manifest.json', '{'), 'MANIFEST_MALFORMED'],
  ['a manifest that is none', write('manifest.json', '{"format":"cairn-export/1"}\n'), 'MANIFEST_MALFORMED'],
  ['a manifest of nothing', write('manifest.json', 'null'), 'MANIFEST_MALFORMED'],
  ['another format', write('manifest.json', '{"format":"cairn-export/9"}\n'), 'FORMAT_UNKNOWN'],
  ['no events', remove('events.ndjson'), 'FILE_MISSING'],
  ['no checkpoints', remove('checkpoints'), 'FILE_MISSING'],
  ['no keys', remove('keys.json'), 'FILE_MISSING'],
  ['no protocol', remove('protocol.json'), 'FILE_MISSING'],
  ['keys that are none', write('keys.json', '{"keys":["x"],"rotations":[]}'), 'KEYS_MALFORMED'],
  ['keys that are no JSON', write('keys.json', Buffer.of(0xff, 0xfe)), 'KEYS_MALFORMED'],
  ['keys without end', (dir) => fs.truncateSync(join(dir, 'keys.json'), 10 ** 12), 'FILE_TOO_LARGE'],
  ['a manifest without end', (dir) => fs.truncateSync(join(dir, 'manifest.json'), 10 ** 12), 'FILE_TOO_LARGE'],
  [
    'a folder for a file',
    (dir) => {
      fs.rmSync(join(dir, 'events.ndjson'));
      fs.mkdirSync(join(dir, 'events.ndjson'));
    },
    'FILE_UNREADABLE',
  ],
  [
    'a link to elsewhere',
    (dir) => {
      fs.rmSync(join(dir, 'events.ndjson'));
      fs.symlinkSync('/dev/zero', join(dir, 'events.ndjson'));
    },
    'FILE_UNREADABLE',
  ],
])('%s: nothing can be said', async (_what, spoil, code) => {
  expect(await verify(spoil)).toMatchObject({ exitCode: 2, result: 'unreadable', code, err: '' });
});

test.each<[string, (directory: string) => void, string]>([
  ['events that are none', write('events.ndjson', ''), 'LINES_MISSING'],
  ['a line without end', write('events.ndjson', Buffer.alloc(LINE_MAX_BYTES + 2, 0x20)), 'LINE_CHANGED'],
  [
    'zeros for a terabyte',
    (dir) => fs.truncateSync(write('events.ndjson', '')(dir) ?? join(dir, 'events.ndjson'), 10 ** 12),
    'LINE_CHANGED',
  ],
  ['bytes that are no text', write('events.ndjson', Buffer.of(0xff, 0xfe, 0x0a)), 'LINE_CHANGED'],
  ['checkpoints that are none', write('checkpoints', 'x\n'), 'CHECKPOINT_MALFORMED'],
  [
    'checkpoints without end',
    (dir) => fs.truncateSync(write('checkpoints', '')(dir) ?? join(dir, 'checkpoints'), 10 ** 12),
    'CHECKPOINT_MALFORMED',
  ],
])('%s: altered from the first position on', async (_what, spoil, code) => {
  expect(await verify(spoil)).toMatchObject({ exitCode: 1, result: 'altered', code, position: 1, err: '' });
});

test('lines behind the last one, and notes behind the last note', async () => {
  expect(await verify(append('events.ndjson', '{}\n'))).toMatchObject({ exitCode: 1, code: 'LINES_ADDED' });
  expect(await verify(append('checkpoints', '\nx\n\n— x y\n'))).toMatchObject({
    exitCode: 1,
    code: 'CHECKPOINT_MALFORMED',
  });
});

test('what the command line itself lacks', async () => {
  expect(await cairn({}, 'verify')).toMatchObject({ exitCode: 2, out: '' });
  expect(await cairn({}, 'verify', whole, '--key', 'x')).toMatchObject({ exitCode: 2, out: '' });
  expect(await cairn({}, 'verify', join(folder, 'nowhere'))).toMatchObject({
    exitCode: 2,
    out: expect.stringContaining('BUNDLE_MISSING') as string,
  });
});
