import { createHash } from 'node:crypto';
import { type FileHandle, mkdir, open, readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { leaseDirectory } from '../postgres/embedded/directory-lease.js';
import { gone, keyLine, type KeyLines, noKeys, ownerKey, readKeyLines } from './key-lines.js';
import { type KeyOwner, KeysUnavailable, type StoredKey, type WrappedKeys } from './key-management.js';
import { syncDirectory } from './sync-directory.js';

const PREFIX = 'participants-';

interface Read extends KeyLines {
  /** Tells a file that was written to from one that was not. */
  readonly stamp: string;
  readonly ino: bigint;
}

interface Wish {
  readonly owner: KeyOwner;
  /** Undefined: the key is to be destroyed. */
  readonly wrapped: string | undefined;
  readonly kept: (key: StoredKey) => void;
  readonly failed: (error: KeysUnavailable) => void;
}

/**
 * Wrapped keys in a folder: a file for each tenant, to which lines are added, many with one sync. A key is destroyed by
 * overwriting its own bytes in place, because a file that is replaced leaves its old bytes on the disk. Several processes of
 * one machine may use the folder at once.
 */
export class WrappedKeysFiles implements WrappedKeys {
  private readonly files = new Map<string, Read>();
  private readonly reading = new Map<string, Promise<Read>>();
  private wishes: Wish[] = [];
  private writing: Promise<void> | undefined;

  constructor(private readonly dir: string) {}

  async find(owner: KeyOwner): Promise<StoredKey> {
    try {
      const { keys } = await this.read(this.fileOf(owner.tenant));
      return keys.get(ownerKey(owner))?.key ?? { kind: 'none' };
    } catch (error) {
      throw unavailable(error);
    }
  }

  putIfNone(owner: KeyOwner, wrapped: string): Promise<StoredKey> {
    return this.wish(owner, wrapped);
  }

  async destroy(owner: KeyOwner): Promise<void> {
    await this.wish(owner, undefined);
  }

  async trials(): Promise<readonly { readonly tenant: string; readonly trial: string }[]> {
    const trials = new Map<string, { readonly tenant: string; readonly trial: string }>();
    try {
      for (const name of await namesIn(this.dir)) {
        if (!name.startsWith(PREFIX)) continue;
        const { keys } = await this.read(path.join(this.dir, name));
        for (const { owner } of keys.values()) {
          trials.set(JSON.stringify([owner.tenant, owner.trial]), { tenant: owner.tenant, trial: owner.trial });
        }
      }
    } catch (error) {
      throw unavailable(error);
    }
    return [...trials.values()];
  }

  private wish(owner: KeyOwner, wrapped: string | undefined): Promise<StoredKey> {
    return new Promise((kept, failed) => {
      this.wishes.push({ owner, wrapped, kept, failed });
      this.writing ??= this.writeAll().finally(() => (this.writing = undefined));
    });
  }

  /** What is wished for while one batch is written makes the next. */
  private async writeAll(): Promise<void> {
    // Whatever comes in this turn of the event loop comes together.
    await new Promise<void>((resolve) => setImmediate(resolve));
    while (this.wishes.length > 0) {
      const wishes = this.wishes;
      this.wishes = [];
      try {
        await mkdir(this.dir, { recursive: true, mode: 0o700 });
        const lease = await leaseDirectory(this.dir);
        try {
          const byTenant = Map.groupBy(wishes, ({ owner }) => owner.tenant);
          for (const [tenant, ofTenant] of byTenant) await this.fulfil(this.fileOf(tenant), ofTenant);
        } finally {
          await lease.release();
        }
      } catch (error) {
        for (const { failed } of wishes) failed(unavailable(error));
      }
    }
  }

  /** With the folder to itself. Nobody is told of a key before it is on disk. */
  private async fulfil(file: string, wishes: readonly Wish[]): Promise<void> {
    const before = await this.read(file);
    const isNew = before.stamp === '';
    const handle = await open(file, isNew ? 'wx+' : 'r+', 0o600);
    try {
      const lines = new Map<string, string>();
      for (const { owner, wrapped } of wishes) {
        const key = ownerKey(owner);
        const placed = before.keys.get(key);
        if (wrapped === undefined ? placed?.key.kind === 'destroyed' : placed || lines.has(key)) continue;
        if (wrapped === undefined && placed) await overwrite(handle, placed.at, placed.length);
        // Also of a key that was overwritten: others tell by its length that a file was written to.
        lines.set(key, keyLine(owner, wrapped));
      }
      // Also when nothing is added: how long it takes must not tell.
      await append(handle, before.length, Buffer.from([...lines.values()].join(''), 'utf8'));
      if (isNew) await syncDirectory(this.dir);
    } finally {
      await handle.close();
    }
    const { keys } = await this.read(file);
    for (const { owner, kept } of wishes) kept(keys.get(ownerKey(owner))!.key);
  }

  /**
   * The file's content. Of one that was written to, what was added is read: a key that is overwritten has another line at the
   * end, and before that nothing changes.
   */
  private async read(file: string): Promise<Read> {
    for (;;) {
      const under = this.reading.get(file);
      if (!under) break;
      await under.catch(() => undefined);
    }
    const reading = this.readOn(file);
    this.reading.set(file, reading);
    try {
      return await reading;
    } finally {
      this.reading.delete(file);
    }
  }

  private async readOn(file: string): Promise<Read> {
    const kept = this.files.get(file);
    const now = await stampOf(file);
    if (now === undefined) {
      this.files.delete(file);
      return { ...noKeys(), stamp: '', ino: 0n };
    }
    if (kept?.stamp === now.stamp) return kept;
    const goesOn = kept !== undefined && kept.ino === now.ino && now.size >= kept.length;
    // What is broken is looked at from its beginning the next time.
    this.files.delete(file);
    const handle = await open(file, 'r+');
    try {
      // Another process may not have made it durable yet, and a text sealed with a key that a power cut takes is lost.
      await handle.sync();
      const known = goesOn ? kept : noKeys();
      const bytes = Buffer.alloc(now.size - known.length);
      let filled = 0;
      for (let more = 1; more > 0 && filled < bytes.length; filled += more) {
        more = (await handle.read(bytes, filled, bytes.length - filled, known.length + filled)).bytesRead;
      }
      const read = { ...readKeyLines(bytes.subarray(0, filled), known), stamp: now.stamp, ino: now.ino };
      this.files.set(file, read);
      return read;
    } finally {
      await handle.close();
    }
  }

  private fileOf(tenant: string): string {
    const name = createHash('sha256').update(tenant).digest('hex').slice(0, 32);
    return path.join(this.dir, `${PREFIX}${name}.ndjson`);
  }
}

async function overwrite(handle: FileHandle, at: number, length: number): Promise<void> {
  await handle.write(gone(length), 0, length, at);
  await handle.sync();
}

/** After the last whole line; what fails leaves the file as it was. */
async function append(handle: FileHandle, end: number, bytes: Buffer): Promise<void> {
  await handle.truncate(end);
  try {
    for (let written = 0; written < bytes.length;) {
      written += (await handle.write(bytes, written, bytes.length - written, end + written)).bytesWritten;
    }
    await handle.sync();
  } catch (error) {
    await handle.truncate(end);
    throw error;
  }
}

async function stampOf(file: string): Promise<{ stamp: string; ino: bigint; size: number } | undefined> {
  try {
    const { ino, size, mtimeNs } = await stat(file, { bigint: true });
    return { stamp: `${ino} ${size} ${mtimeNs}`, ino, size: Number(size) };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

async function namesIn(dir: string): Promise<readonly string[]> {
  try {
    return await readdir(dir);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

const unavailable = (error: unknown): KeysUnavailable =>
  error instanceof KeysUnavailable
    ? error
    : new KeysUnavailable('the folder of the participants’ keys cannot be used', { cause: error });
