import { type Checkpoint, checkpointOrigin, openNote, parseCheckpoint, type VerifierKey } from '@cairn/audit';
import { FILES } from '../export/manifest.js';
import type { Line } from './bundle-files.js';
import { type AlteredCode, BundleAltered } from './problem.js';

/** Bytes of one note: 256 leaves are some 12,000. */
const NOTE_MAX_BYTES = 1_000_000;

/**
 * Takes the file of checkpoints apart: notes one after another, an empty line between them. A note is a text without empty
 * lines, an empty line, and its signatures.
 */
export async function* notes(pages: AsyncIterable<readonly Line[]>): AsyncGenerator<string | undefined> {
  let lines: Buffer[] = [];
  let size = 0;
  let isEmptyLineSeen = false;
  const note = (): string => Buffer.concat(lines).toString('utf8');
  for await (const page of pages) {
    for (const line of page) {
      if (!line?.ended || size + line.bytes.length > NOTE_MAX_BYTES) {
        yield undefined;
        return;
      }
      if (line.bytes.length === 0 && isEmptyLineSeen) {
        yield note();
        lines = [];
        size = 0;
        isEmptyLineSeen = false;
        continue;
      }
      if (line.bytes.length === 0) isEmptyLineSeen = true;
      lines.push(line.bytes, LF);
      size += line.bytes.length + 1;
    }
  }
  if (lines.length > 0) yield note();
}

const LF = Buffer.from('\n');

/** Whose log it has to be, and whose signature is believed. */
export interface LogIdentity {
  readonly tenant: string;
  readonly scope: string;
  readonly keys: readonly VerifierKey[];
}

/** A checkpoint with a key that signed it. */
export interface SignedCheckpoint extends Checkpoint {
  readonly key: VerifierKey;
}

/**
 * The signed checkpoints of a log from its beginning, each of which says the hashes of the leaves that it adds.
 * @throws BundleAltered at the first that is not signed, is of another log, or does not follow the one before
 */
export async function* signedCheckpoints(
  pages: AsyncIterable<readonly Line[]>,
  { tenant, scope, keys }: LogIdentity,
): AsyncGenerator<SignedCheckpoint, undefined> {
  let size = 0;
  const altered = (code: AlteredCode, message: string): BundleAltered =>
    new BundleAltered({ code, position: size + 1, file: FILES.checkpoints, message });
  const after = (): string => (size === 0 ? 'The first checkpoint' : `The checkpoint after that of size ${size}`);
  for await (const note of notes(pages)) {
    if (note === undefined) throw altered('CHECKPOINT_MALFORMED', `${after()} is no signed note.`);
    const opened = openNote(note, keys);
    if ('problem' in opened) {
      if (opened.problem === 'MALFORMED_NOTE') throw altered('CHECKPOINT_MALFORMED', `${after()} is no signed note.`);
      const why =
        opened.problem === 'UNKNOWN_KEYS' ? 'is not signed by a trusted key' : 'has a signature that is not its own';
      throw altered('CHECKPOINT_NOT_SIGNED', `${after()} ${why}.`);
    }
    const checkpoint = parseCheckpoint(opened.text);
    if (!checkpoint) throw altered('CHECKPOINT_MALFORMED', `${after()} is no checkpoint.`);
    const key = opened.verifiedBy.find(({ name }) => checkpointOrigin(name, tenant, scope) === checkpoint.origin);
    if (!key) throw altered('CHECKPOINT_OF_ANOTHER_LOG', `${after()} is of the log ${checkpoint.origin}.`);
    if (checkpoint.size - checkpoint.added.length !== size || checkpoint.added.length === 0) {
      throw altered('CHECKPOINT_MISSING', `${after()} is not the next one: it is of size ${checkpoint.size}.`);
    }
    yield { ...checkpoint, key };
    size = checkpoint.size;
  }
  return undefined;
}
