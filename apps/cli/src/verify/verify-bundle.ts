import { CutAltered, type VerifierKey } from '@cairn/audit';
import { canonicalJson, formatInstant, streamName } from '@cairn/event-sourcing';
import { base64, isConsistent } from '../export/consistency.js';
import { DerivedFiles } from '../export/derived-files.js';
import { FILES, FORMAT, Manifest } from '../export/manifest.js';
import { BundleFiles } from './bundle-files.js';
import { signedCheckpoints } from './checkpoints.js';
import { BundleAltered, BundleUnreadable } from './problem.js';
import { RecomputedTrial } from './recompute.js';
import { readKeys, trustedKeys } from './trusted-keys.js';
import { type VerifiedLog, verifyLog } from './verify-log.js';

/** What a bundle that is as it was signed says. */
export interface VerifiedBundle {
  readonly manifest: Manifest;
  /** Whether the keys came with the bundle: then it is consistent with itself, and no more. */
  readonly keysFromBundle: boolean;
  /** Ids of cuts whose tables were made again from the events and are the same. */
  readonly recomputed: readonly string[];
}

export interface VerifyOptions {
  /** Keys that are trusted; undefined: those in the bundle. */
  readonly keys: readonly VerifierKey[] | undefined;
  /** Makes the tables of every cut in the bundle again. */
  readonly recompute: boolean;
}

/**
 * Verifies an export with nothing but its files: no server, no clock.
 * @throws BundleAltered with the first thing that is not as it was signed
 * @throws BundleUnreadable
 */
export async function verifyBundle(directory: string, { keys, recompute }: VerifyOptions): Promise<VerifiedBundle> {
  const files = new BundleFiles(directory);
  const manifest = await readManifest(files);
  const { tenant, scope, trial, cut } = manifest;
  const brought = readKeys(await files.text(FILES.keys));
  const trusted = trustedKeys(brought, keys);
  const derived = new DerivedFiles(trial, cut);
  const folded = new RecomputedTrial(trial, tenant);
  const recomputed: string[] = [];
  let isPastCut = false;

  const visit = (event: Parameters<DerivedFiles['add']>[0], position: number): void => {
    isPastCut ||= derived.cut !== undefined;
    const kept = attempt(() => derived.add(event), position);
    if (!recompute) return;
    folded.add(event, position);
    if (!kept) return;
    folded.compare(kept);
    recomputed.push(kept.cut.cut);
  };
  const checkpoints = signedCheckpoints(files.lines(FILES.checkpoints), { tenant, scope, keys: trusted });
  const size = cut === undefined ? undefined : manifest.size;
  const log = await verifyLog(files.lines(FILES.events), checkpoints, { scope, size, visit }).finally(() =>
    checkpoints.return(undefined),
  );
  if (cut !== undefined && (!derived.cut || isPastCut)) {
    const message = `The events do not end with those of the cut ${cut}.`;
    throw new BundleAltered({ code: 'CUT_INCOMPLETE', position: log.size + 1, file: FILES.events, message });
  }
  if (!brought.keys.every((key) => trusted.some(({ name, id }) => name === key.name && id === key.id))) {
    const message = `${FILES.keys} has a key that no trusted one has handed over to.`;
    throw new BundleAltered({ code: 'FILE_CHANGED', file: FILES.keys, message });
  }
  checkManifest(manifest, log);
  const expected = expectedFiles(derived, log);
  if (expected.has(FILES.consistency)) {
    const message = `${FILES.consistency} does not lead from the exported events to the last checkpoint.`;
    if (!isConsistent(await files.text(FILES.consistency), log, log.checkpoint)) {
      throw new BundleAltered({ code: 'CONSISTENCY_WRONG', file: FILES.consistency, message });
    }
  }
  await checkFiles(files, manifest, expected);
  return { manifest, keysFromBundle: keys === undefined, recomputed };
}

async function readManifest(files: BundleFiles): Promise<Manifest> {
  const malformed = (why: string): BundleUnreadable =>
    new BundleUnreadable('MANIFEST_MALFORMED', FILES.manifest, `${FILES.manifest} ${why}.`);
  if (!(await files.has(FILES.manifest))) {
    throw new BundleUnreadable('BUNDLE_MISSING', FILES.manifest, `There is no export: ${FILES.manifest} is missing.`);
  }
  const text = await files.text(FILES.manifest);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw malformed('is not JSON');
  }
  const { format } = (value ?? {}) as { format?: unknown };
  if (typeof format === 'string' && format !== FORMAT) {
    throw new BundleUnreadable('FORMAT_UNKNOWN', FILES.manifest, `The bundle has the format ${format}, not ${FORMAT}.`);
  }
  const read = Manifest.safeParse(value);
  if (!read.success) throw malformed(`is no manifest: ${read.error.issues[0]?.path.join('.')}`);
  if (`${canonicalJson(read.data)}\n` !== text) throw malformed('is not in its canonical form');
  return read.data;
}

/** A cut is kept by signed events: one that contradicts itself was wrong when it was signed. */
function attempt<Result>(read: () => Result, position: number): Result {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof CutAltered)) throw error;
    throw new BundleAltered({ code: 'CUT_INCOMPLETE', position, file: FILES.events, message: `${error.message}.` });
  }
}

/** All that a manifest says follows from the log, and is compared with it. */
function checkManifest(manifest: Manifest, log: VerifiedLog): void {
  const place = ({ id, recordedAt }: VerifiedLog['first']) => ({ id, recordedat: formatInstant(recordedAt) });
  const { size, root } = log.checkpoint;
  const wanted = {
    scope: streamName(manifest.trial),
    size: log.size,
    root: base64(log.root),
    first: place(log.first),
    last: place(log.last),
    checkpoint: { size, root: base64(root) },
    keys: log.keys,
  };
  for (const [member, value] of Object.entries(wanted)) {
    if (canonicalJson(value) === canonicalJson(manifest[member as keyof typeof wanted])) continue;
    throw new BundleAltered({
      code: 'MANIFEST_WRONG',
      file: FILES.manifest,
      message: `What the manifest says of ${member} is not so: it is ${canonicalJson(value)}.`,
    });
  }
}

/** Texts of the files that follow from the events; undefined for those that are known in another way, or not at all. */
function expectedFiles(
  derived: DerivedFiles,
  { size, checkpoint }: VerifiedLog,
): ReadonlyMap<string, string | undefined> {
  const others = [FILES.events, FILES.checkpoints, FILES.keys, ...derived.schemaPaths()];
  if (size < checkpoint.size) others.push(FILES.consistency);
  return new Map<string, string | undefined>([...others.map((path) => [path, undefined] as const), ...derived.files()]);
}

/** Every file has the digest that the manifest says, and the text that follows from the events where one does. */
async function checkFiles(
  files: BundleFiles,
  manifest: Manifest,
  expected: ReadonlyMap<string, string | undefined>,
): Promise<void> {
  const names = [...new Set([...expected.keys(), ...Object.keys(manifest.files)])].sort();
  for (const name of names) {
    const changed = (why: string): BundleAltered =>
      new BundleAltered({ code: 'FILE_CHANGED', file: name, message: `${name} ${why}.` });
    const said = manifest.files[name];
    if (!said) {
      throw new BundleAltered({ code: 'MANIFEST_WRONG', file: FILES.manifest, message: `The manifest lacks ${name}.` });
    }
    if (!expected.has(name)) {
      throw new BundleAltered({ code: 'MANIFEST_WRONG', file: FILES.manifest, message: `No bundle has ${name}.` });
    }
    const wanted = expected.get(name);
    if (wanted !== undefined && (await files.text(name)) !== wanted) {
      throw changed('is not what follows from the events, or was written by another version');
    }
    const found = await files.digest(name);
    if (found.sha256 !== said.sha256 || found.bytes !== said.bytes)
      throw changed('has not the digest that the manifest says');
  }
}
