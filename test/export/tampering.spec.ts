import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cutStream, leafHash, type NoteSigner, treeRoot, verifierKeyText } from '@cairn/audit';
import { canonicalJson, sha256Hex } from '@cairn/event-sourcing';
import fc from 'fast-check';
import { writeBundle } from '../../apps/cli/src/export/write-bundle.js';
import { BundleAltered, BundleUnreadable } from '../../apps/cli/src/verify/problem.js';
import { verifyBundle } from '../../apps/cli/src/verify/verify-bundle.js';
import { rounds } from '../support/rounds.js';
import { recordedTrial, signedNotes, signerOf, someTrial, sourceOf, TRIAL } from '../support/signed-trial.js';

/*
 * Somebody has an export in their hands and alters it: any way of doing so is found, and the first position that is not as
 * it was signed is named. They can compute whatever anybody can, hashes and trees included; they cannot sign.
 */

const folder = fs.mkdtempSync(join(tmpdir(), 'cairn-tampering-'));
afterAll(() => fs.rmSync(folder, { recursive: true }));

const signer = signerOf(1);
const keys = [signer.key];

/** A bundle as its files. */
interface Bundle {
  readonly lines: readonly string[];
  readonly notes: readonly string[];
  /** Sizes of the checkpoints. */
  readonly sizes: readonly number[];
  readonly files: ReadonlyMap<string, Buffer>;
}

let count = 0;
const fresh = (): string => join(folder, String(count++));

function read(directory: string): Bundle {
  const files = new Map(
    fs
      .readdirSync(directory, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => {
        const file = join(entry.parentPath, entry.name);
        return [file.slice(directory.length + 1), fs.readFileSync(file)] as const;
      }),
  );
  const notes = files
    .get('checkpoints')!
    .toString()
    .split(/(?<=\n)\n(?=cairn)/);
  return {
    lines: files.get('events.ndjson')!.toString().split('\n').slice(0, -1),
    notes,
    sizes: notes.map((note) => Number(note.split('\n')[1])),
    files,
  };
}

function write(files: ReadonlyMap<string, Buffer | string>): string {
  const directory = fresh();
  for (const [name, content] of files) {
    const file = join(directory, name);
    fs.mkdirSync(join(file, '..'), { recursive: true });
    fs.writeFileSync(file, content);
  }
  return directory;
}

/** What is changed, and the position that must be named; undefined: it is beside the log. */
interface Tampering {
  readonly files: ReadonlyMap<string, Buffer | string>;
  readonly position: number | undefined;
}

type Chance = (below: number) => number;
type Tamper = (bundle: Bundle, chance: Chance) => Tampering | undefined;

const withLines = ({ files }: Bundle, lines: readonly string[]): ReadonlyMap<string, Buffer | string> =>
  new Map<string, Buffer | string>([...files, ['events.ndjson', lines.map((line) => `${line}\n`).join('')]]);

/** The first line that differs. */
const firstDifference = (before: readonly string[], after: readonly string[]): number | undefined => {
  const length = Math.max(before.length, after.length);
  for (let at = 0; at < length; at++) if (before[at] !== after[at]) return at + 1;
  return undefined;
};

const linesChanged =
  (change: (lines: string[], chance: Chance) => string[]): Tamper =>
  (bundle, chance) => {
    const lines = change([...bundle.lines], chance);
    const position = firstDifference(bundle.lines, lines);
    return position === undefined ? undefined : { files: withLines(bundle, lines), position };
  };

/** Another value somewhere in an event, in the one text that the event then has. */
function fieldChanged(line: string, chance: Chance): string {
  const event = JSON.parse(line) as Record<string, unknown>;
  const names = Object.keys(event);
  const name = names[chance(names.length)]!;
  const value = event[name];
  event[name] =
    typeof value === 'number' ? value + 1 : typeof value === 'string' ? `${value}0` : { ...(value as object), x: 1 };
  return canonicalJson(event);
}

/** All that follows from the lines without a key: leaf hashes and roots in the notes, the manifest, the digests. */
function rechained(
  bundle: Bundle,
  lines: readonly string[],
  resign?: NoteSigner,
): ReadonlyMap<string, Buffer | string> {
  const files = new Map<string, Buffer | string>(withLines(bundle, lines));
  const leaves = lines.map(leafHash);
  const batches = bundle.sizes.map((size, at) => size - (bundle.sizes[at - 1] ?? 0));
  const forged = signedNotes(leaves, batches, resign ?? signer).map((note, at) =>
    // The text is new and the signature stays what it was: that is all that can be had without the key.
    resign
      ? note
      : `${note.slice(0, note.indexOf('\n\n') + 2)}${signatureOf(bundle.notes[Math.min(at, bundle.notes.length - 1)]!)}`,
  );
  files.set('checkpoints', forged.join('\n'));
  if (resign) files.set('keys.json', `${canonicalJson({ keys: [verifierKeyText(resign.key)], rotations: [] })}\n`);
  const root = Buffer.from(treeRoot(leaves)).toString('base64');
  const place = (line: string) => {
    const { id, recordedat } = JSON.parse(line) as Record<string, string>;
    return { id, recordedat };
  };
  const manifest = {
    ...(JSON.parse(bundle.files.get('manifest.json')!.toString()) as object),
    size: lines.length,
    root,
    checkpoint: { size: lines.length, root },
    first: place(lines[0]!),
    last: place(lines.at(-1)!),
    ...(resign && { keys: [resign.key.name] }),
  };
  files.set('manifest.json', manifestWith(manifest, files));
  return files;
}

const signatureOf = (note: string): string => note.slice(note.indexOf('\n\n') + 2);

function manifestWith(manifest: object, files: ReadonlyMap<string, Buffer | string>): string {
  const digests = Object.fromEntries(
    [...files].flatMap(([name, content]) => {
      const bytes = Buffer.from(content);
      return name === 'manifest.json'
        ? []
        : [[name, { bytes: bytes.length, sha256: sha256Hex(bytes.toString('utf8')) }]];
    }),
  );
  return `${canonicalJson({ ...manifest, files: digests })}\n`;
}

const flipped = (bytes: Buffer, chance: Chance): Buffer => {
  const copy = Buffer.from(bytes);
  copy[chance(copy.length)]! ^= 1 << chance(8);
  return copy;
};

/** The first position of the batch that a note covers. */
const batchOf = ({ sizes }: Bundle, note: number): number => (sizes[note - 1] ?? 0) + 1;

const tamperings: Readonly<Record<string, Tamper>> = {
  'a bit of the events': (bundle, chance) => {
    const before = bundle.files.get('events.ndjson')!;
    const after = flipped(before, chance);
    const at = before.findIndex((byte, index) => byte !== after[index]);
    const position = before.subarray(0, at).filter((byte) => byte === 0x0a).length + 1;
    return { files: new Map<string, Buffer | string>([...bundle.files, ['events.ndjson', after]]), position };
  },
  'a field of an event': linesChanged((lines, chance) => {
    const at = chance(lines.length);
    return lines.with(at, fieldChanged(lines[at]!, chance));
  }),
  'white space in an event': linesChanged((lines, chance) => {
    const at = chance(lines.length);
    return lines.with(at, lines[at]!.replace(':', ': '));
  }),
  'an event dropped': linesChanged((lines, chance) => lines.toSpliced(chance(lines.length), 1)),
  'an event twice': linesChanged((lines, chance) => {
    const at = chance(lines.length);
    return lines.toSpliced(chance(lines.length + 1), 0, lines[at]!);
  }),
  'an event put in': linesChanged((lines, chance) => {
    const at = chance(lines.length);
    return lines.toSpliced(at, 0, fieldChanged(lines[at]!, chance));
  }),
  'two events swapped': linesChanged((lines, chance) => {
    const [a, b] = [chance(lines.length), chance(lines.length)];
    return lines.with(a, lines[b]!).with(b, lines[a]!);
  }),
  'events in another order': linesChanged((lines, chance) => {
    const from = chance(lines.length);
    return [...lines.slice(0, from), ...lines.slice(from).reverse()];
  }),
  'the end cut off': linesChanged((lines, chance) => lines.slice(0, chance(lines.length))),
  'the end cut off within a line': (bundle, chance) => {
    const before = bundle.files.get('events.ndjson')!;
    const after = before.subarray(0, chance(before.length));
    const position = after.filter((byte) => byte === 0x0a).length + 1;
    return { files: new Map<string, Buffer | string>([...bundle.files, ['events.ndjson', after]]), position };
  },
  'an event changed, and all hashes with it': (bundle, chance) => {
    const at = chance(bundle.lines.length);
    const changed = fieldChanged(bundle.lines[at]!, chance);
    const note = bundle.sizes.findIndex((size) => size > at);
    return { files: rechained(bundle, bundle.lines.with(at, changed)), position: batchOf(bundle, note) };
  },
  'an event dropped, and all hashes with it': (bundle, chance) => {
    const at = chance(bundle.lines.length);
    if (bundle.lines.length === 1) return undefined;
    // Without what came last, and was signed alone, it is an export from before: as it was signed, and altered by nobody.
    if (at === bundle.lines.length - 1 && bundle.sizes.includes(at)) return undefined;
    const note = bundle.sizes.findIndex((size) => size > at);
    return { files: rechained(bundle, bundle.lines.toSpliced(at, 1)), position: batchOf(bundle, note) };
  },
  'an event changed, and everything signed again with a key of one’s own': (bundle, chance) => {
    const at = chance(bundle.lines.length);
    const lines = bundle.lines.with(at, fieldChanged(bundle.lines[at]!, chance));
    return { files: rechained(bundle, lines, signerOf(66)), position: 1 };
  },
  'nothing changed, and everything signed again with a key of one’s own': (bundle) => ({
    files: rechained(bundle, bundle.lines, signerOf(66)),
    position: 1,
  }),
  'a key of one’s own added under a checkpoint': (bundle, chance) => {
    const own = signerOf(66, signer.key.name);
    const forged = rechained(bundle, bundle.lines.with(0, fieldChanged(bundle.lines[0]!, chance)), own);
    const both = canonicalJson({ keys: [verifierKeyText(signer.key), verifierKeyText(own.key)], rotations: [] });
    const files = new Map([...forged, ['keys.json', `${both}\n`]]);
    const manifest = JSON.parse(String(files.get('manifest.json'))) as object;
    return { files: files.set('manifest.json', manifestWith(manifest, files)), position: 1 };
  },
  'a bit of the checkpoints': (bundle, chance) => {
    const before = bundle.files.get('checkpoints')!;
    const after = flipped(before, chance);
    const at = before.findIndex((byte, index) => byte !== after[index]);
    let end = 0;
    const note = bundle.notes.findIndex((each) => at < (end += Buffer.byteLength(each) + 1));
    // What is wrong between two notes may join them: the first of them is none any more.
    return {
      files: new Map<string, Buffer | string>([...bundle.files, ['checkpoints', after]]),
      position: batchOf(bundle, note),
    };
  },
  'a checkpoint dropped': (bundle, chance) => {
    const at = chance(bundle.notes.length);
    const notes = bundle.notes.toSpliced(at, 1);
    const text = notes.join('\n').replace(/\n\n$/, '\n');
    return {
      files: new Map<string, Buffer | string>([...bundle.files, ['checkpoints', text]]),
      position: batchOf(bundle, at),
    };
  },
  'a checkpoint of the same tree in the place of another': (bundle, chance) => {
    const [a, b] = [chance(bundle.notes.length), chance(bundle.notes.length)];
    if (a === b) return undefined;
    const notes = bundle.notes.with(a, bundle.notes[b]!);
    return {
      files: new Map<string, Buffer | string>([...bundle.files, ['checkpoints', notes.join('\n')]]),
      position: batchOf(bundle, a),
    };
  },
  'a bit of another file': (bundle, chance) => {
    const names = [...bundle.files.keys()].filter((name) => name !== 'events.ndjson' && name !== 'checkpoints');
    const name = names[chance(names.length)]!;
    return {
      files: new Map<string, Buffer | string>([...bundle.files, [name, flipped(bundle.files.get(name)!, chance)]]),
      position: undefined,
    };
  },
  'another file changed, and its digest with it': (bundle, chance) => {
    const names = [...bundle.files.keys()].filter((name) => /^(schemas|cut)|protocol|consistency/.test(name));
    const name = names[chance(names.length)]!;
    const text = bundle.files.get(name)!.toString();
    const changed = text.replace(/[a-z0-9](?=[^a-z0-9]*$)/, (last) => (last === 'a' ? 'b' : 'a'));
    const files = new Map<string, Buffer | string>([...bundle.files, [name, changed]]);
    const manifest = JSON.parse(bundle.files.get('manifest.json')!.toString()) as object;
    return { files: files.set('manifest.json', manifestWith(manifest, files)), position: undefined };
  },
  'a key of one’s own among those that are brought': (bundle) => {
    const both = canonicalJson({ keys: [signer, signerOf(66)].map(({ key }) => verifierKeyText(key)), rotations: [] });
    const files = new Map<string, Buffer | string>([...bundle.files, ['keys.json', `${both}\n`]]);
    const manifest = JSON.parse(bundle.files.get('manifest.json')!.toString()) as object;
    return { files: files.set('manifest.json', manifestWith(manifest, files)), position: undefined };
  },
  'a file removed': (bundle, chance) => {
    const names = [...bundle.files.keys()].filter((name) => name !== 'events.ndjson' && name !== 'checkpoints');
    const name = names[chance(names.length)]!;
    return { files: new Map([...bundle.files].filter(([each]) => each !== name)), position: undefined };
  },
  'what the manifest says': (bundle, chance) => {
    const manifest = JSON.parse(bundle.files.get('manifest.json')!.toString()) as Record<string, unknown>;
    const names = ['tenant', 'trial', 'scope', 'size', 'root', 'first', 'last', 'checkpoint', 'keys'];
    const name = names[chance(names.length)]!;
    const value = manifest[name];
    manifest[name] =
      typeof value === 'number'
        ? value + 1
        : typeof value === 'string'
          ? `x${value}`
          : Array.isArray(value)
            ? [...(value as unknown[]), 'x']
            : { ...(value as object), [Object.keys(value as object).at(-1)!]: 'x' };
    return {
      files: new Map<string, Buffer | string>([...bundle.files, ['manifest.json', `${canonicalJson(manifest)}\n`]]),
      position: undefined,
    };
  },
};

interface Found {
  readonly found: boolean;
  readonly position?: number | undefined;
  readonly message: string;
}

async function verified(directory: string): Promise<Found> {
  try {
    await verifyBundle(directory, { keys, recompute: false });
    return { found: false, message: '' };
  } catch (error) {
    if (error instanceof BundleAltered) {
      return {
        found: true,
        position: error.alteration.position,
        message: `${error.alteration.code}: ${error.message}`,
      };
    }
    if (error instanceof BundleUnreadable) return { found: true, message: `${error.code}: ${error.message}` };
    throw error;
  } finally {
    fs.rmSync(directory, { recursive: true });
  }
}

const ROUNDS = rounds({ ci: 25, night: 250 });

test.each(Object.keys(tamperings))('%s is found, and where it begins', async (name) => {
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...pool), fc.infiniteStream(fc.nat()), async (bundle, numbers) => {
      const chance: Chance = (below) => numbers.next().value % below;
      const tampering = tamperings[name]!(bundle, chance);
      fc.pre(tampering !== undefined);
      const { found, position, message } = await verified(write(tampering.files));
      expect({ message, found, position: tampering.position === undefined ? undefined : position }).toEqual({
        message,
        found: true,
        position: tampering.position,
      });
    }),
    { numRuns: ROUNDS },
  );
});

/** Some untouched bundles, of which the altered ones are made. */
const pool: Bundle[] = [];
beforeAll(async () => {
  for (const [index, trial] of fc.sample(someTrial, { numRuns: 12, seed: 4711 }).entries()) {
    const events = await recordedTrial(index === 0 ? { ...trial, cuts: [1] } : trial);
    const hasCut = events.some(({ stream }) => stream === cutStream(TRIAL, 'look 0'));
    const directory = fresh();
    const cut = index % 2 === 0 && hasCut ? 'look 0' : undefined;
    await writeBundle(directory, sourceOf(events, trial.batches, signer), { trial: TRIAL, cut });
    pool.push(read(directory));
  }
});
