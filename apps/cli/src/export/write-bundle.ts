import fs, { type FileHandle } from 'node:fs/promises';
import path from 'node:path';
import {
  CutAltered,
  type ExportedEvent,
  Frontier,
  leafHash,
  parseCheckpoint,
  parseCloudEventLine,
  parseNote,
  type Checkpoint,
} from '@cairn/audit';
import { canonicalJson, formatInstant, streamName } from '@cairn/event-sourcing';
import { makeEmptyFolder } from '../empty-folder.js';
import { UsageError } from '../exit-code.js';
import { BundleFiles, type Line } from '../verify/bundle-files.js';
import { notes } from '../verify/checkpoints.js';
import { keysText } from '../verify/trusted-keys.js';
import { base64, consistencyText, HashList } from './consistency.js';
import { DerivedFiles } from './derived-files.js';
import { FILES, FORMAT, type Manifest } from './manifest.js';

/** Where a trial's log comes from. */
export interface ExportSource {
  keys(): Promise<{ readonly tenant: string; readonly keys: readonly string[]; readonly rotations: readonly string[] }>;
  /**
   * Signed notes, an empty line between them, up to one that covers all events of this moment; `halted` where no more are
   * signed because the log is not what was.
   */
  checkpoints(): Promise<{ readonly notes: AsyncIterable<Uint8Array>; readonly halted: boolean }>;
  /** Lines of events, so many from the first; undefined: all. */
  events(limit: number | undefined): AsyncIterable<Uint8Array>;
}

export interface ExportRequest {
  readonly trial: string;
  /** The events end with those of this cut. */
  readonly cut?: string | undefined;
}

/** Where the notes are until it is known which of them belong to the bundle. */
const ALL_NOTES = 'checkpoints.partial';

/**
 * Writes what a server hands out as a bundle. It is written as it is, whether it is what was signed or not: that is for
 * whoever verifies it to say. The manifest comes last, so what was interrupted is no bundle.
 * @throws UsageError when the folder is not empty, or the trial has no such cut
 */
export async function writeBundle(
  directory: string,
  source: ExportSource,
  { trial, cut }: ExportRequest,
): Promise<Manifest> {
  await makeEmptyFolder(directory);
  const write = (name: string, text: string): Promise<void> => writeText(directory, name, text);
  const files = new BundleFiles(directory);
  const { tenant, keys, rotations } = await source.keys();
  await write(FILES.keys, keysText({ keys: [...keys], rotations: [...rotations] }));

  const checkpoints = await source.checkpoints();
  await writeAll(directory, ALL_NOTES, checkpoints.notes);
  const newest = await lastCheckpoint(files.lines(ALL_NOTES));
  const written = new WrittenEvents(trial, cut);
  // What was recorded meanwhile is not signed yet. Where nothing is signed any more, all that is there is looked at.
  const limit = checkpoints.halted ? undefined : newest?.size;
  await writeAll(directory, FILES.events, written.through(source.events(limit)));
  const { derived, size } = written;
  if (size === 0) throw new UsageError(`the trial ${trial} has no events that were signed`);
  if (cut !== undefined && !derived.cut) throw new UsageError(`the trial ${trial} has no cut ${cut}, or not whole`);

  const last = await copyNotes(directory, files, cut === undefined ? Infinity : size);
  await fs.rm(path.join(directory, ALL_NOTES));
  // Without a cut, fewer events than were signed are events that are gone: that is for whoever verifies to find.
  if (cut !== undefined && last && size < last.size) await write(FILES.consistency, written.consistency(last));
  for (const [name, text] of derived.files()) await write(name, text);

  const manifest: Manifest = {
    format: FORMAT,
    tenant,
    trial,
    scope: streamName(trial),
    size,
    root: base64(written.root),
    first: placeOf(written.first),
    last: placeOf(written.last),
    checkpoint: { size: last?.size ?? size, root: base64(last?.root ?? written.root) },
    ...(cut !== undefined && { cut }),
    keys: [...(last?.keys ?? [])],
    files: await digests(directory),
  };
  await write(FILES.manifest, `${canonicalJson(manifest)}\n`);
  return manifest;
}

/** Events on their way into their file, and what is learnt of them on it. */
class WrittenEvents {
  readonly derived: DerivedFiles;
  first: ExportedEvent | undefined;
  last: ExportedEvent | undefined;
  private readonly frontier = new Frontier();
  private readonly leaves: HashList | undefined;

  constructor(
    trial: string,
    private readonly cut: string | undefined,
  ) {
    this.derived = new DerivedFiles(trial, cut);
    // Only what ends before its last checkpoint needs a proof.
    this.leaves = cut === undefined ? undefined : new HashList();
  }

  get size(): number {
    return this.frontier.size;
  }

  get root(): Uint8Array {
    return this.frontier.root();
  }

  /** Ends with the cut, if there is one. */
  async *through(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    let rest = Buffer.alloc(0);
    for await (const chunk of chunks) {
      const bytes = rest.length === 0 ? Buffer.from(chunk) : Buffer.concat([rest, chunk]);
      let from = 0;
      for (let end = bytes.indexOf(LF); end >= 0; end = bytes.indexOf(LF, from)) {
        this.add(bytes.toString('utf8', from, end));
        from = end + 1;
        if (this.cut !== undefined && this.derived.cut) {
          yield bytes.subarray(0, from);
          return;
        }
      }
      yield bytes.subarray(0, from);
      rest = bytes.subarray(from);
    }
    if (rest.length > 0) yield rest;
  }

  consistency(last: Checkpoint): string {
    for (const leaf of last.added.slice(this.size - (last.size - last.added.length))) this.leaves!.add(leaf);
    return consistencyText(this.leaves!, this.size, last.size);
  }

  private add(line: string): void {
    const leaf = leafHash(line);
    this.frontier.append(leaf);
    this.leaves?.add(leaf);
    const read = parseCloudEventLine(line);
    // What is no event is for whoever verifies the bundle to find.
    if ('problem' in read) return;
    this.first ??= read.event;
    this.last = read.event;
    try {
      this.derived.add(read.event);
    } catch (error) {
      if (!(error instanceof CutAltered)) throw error;
    }
  }
}

const LF = 0x0a;

const placeOf = (event: ExportedEvent | undefined) => ({
  id: event?.id ?? '',
  recordedat: event ? formatInstant(event.recordedAt) : '',
});

async function writeText(directory: string, name: string, text: string): Promise<void> {
  const file = path.join(directory, name);
  await fs.mkdir(path.dirname(file), { recursive: true });
  await fs.writeFile(file, text, { flag: 'wx' });
}

async function writeAll(directory: string, name: string, chunks: AsyncIterable<Uint8Array | string>): Promise<void> {
  const file: FileHandle = await fs.open(path.join(directory, name), 'wx');
  try {
    for await (const chunk of chunks) await file.writeFile(chunk);
  } finally {
    await file.close();
  }
}

interface NamedCheckpoint extends Checkpoint {
  /** Names of the keys that signed it. */
  readonly signers: readonly string[];
}

function readCheckpoint(note: string | undefined): NamedCheckpoint | undefined {
  const read = note === undefined ? undefined : parseNote(note);
  const checkpoint = read && parseCheckpoint(read.text);
  return checkpoint && { ...checkpoint, signers: read.signatures.map(({ name }) => name) };
}

async function lastCheckpoint(pages: AsyncIterable<readonly Line[]>): Promise<NamedCheckpoint | undefined> {
  let last: NamedCheckpoint | undefined;
  for await (const note of notes(pages)) last = readCheckpoint(note) ?? last;
  return last;
}

/** Copies the notes up to the first that covers so many events. @returns the last of them, with the names of all signers */
async function copyNotes(
  directory: string,
  files: BundleFiles,
  size: number,
): Promise<(Checkpoint & { readonly keys: ReadonlySet<string> }) | undefined> {
  let last: Checkpoint | undefined;
  let count = 0;
  const keys = new Set<string>();
  async function* wanted(): AsyncGenerator<string> {
    for await (const note of notes(files.lines(ALL_NOTES))) {
      if (note === undefined) return;
      yield count++ === 0 ? note : `\n${note}`;
      const checkpoint = readCheckpoint(note);
      last = checkpoint ?? last;
      // The origin begins with the name of the log's own key; witnesses have others.
      for (const name of checkpoint?.signers ?? []) if (checkpoint?.origin.startsWith(`${name}/`)) keys.add(name);
      if (last && last.size >= size) return;
    }
  }
  await writeAll(directory, FILES.checkpoints, wanted());
  return last && { ...last, keys };
}

/** Of all files below a folder, by their paths in it. */
async function digests(directory: string): Promise<Manifest['files']> {
  const names = (await fs.readdir(directory, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(directory, path.join(entry.parentPath, entry.name)).split(path.sep).join('/'))
    .sort();
  const files = new BundleFiles(directory);
  const found: Manifest['files'] = {};
  for (const name of names) found[name] = await files.digest(name);
  return found;
}
