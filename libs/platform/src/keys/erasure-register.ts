import { mkdir, open, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { leaseDirectory } from '../postgres/embedded/directory-lease.js';
import { ownerKey } from './key-lines.js';
import { type KeyOwner, KeysUnavailable } from './key-management.js';
import { syncDirectory } from './sync-directory.js';

const Line = z.object({ tenant: z.string(), trial: z.string(), participant: z.string() });

/**
 * Whose keys were destroyed: a file to which lines are added, and nothing else. It is kept apart from the log and from the keys,
 * so that both of them put back from old copies do not bring back what was erased since. It says who was erased, and no text.
 */
export class ErasureRegister {
  private readonly file: string;
  private known: { readonly stamp: string; readonly owners: ReadonlyMap<string, KeyOwner> } | undefined;

  /** @param dir a folder of its own, made when it is not there */
  constructor(private readonly dir: string) {
    this.file = path.join(dir, 'erased.ndjson');
  }

  /** On the disk when it resolves. @throws KeysUnavailable */
  async add(owner: KeyOwner): Promise<void> {
    if (await this.has(owner)) return;
    await this.orUnavailable(async () => {
      await mkdir(this.dir, { recursive: true, mode: 0o700 });
      const lease = await leaseDirectory(this.dir);
      try {
        const handle = await open(this.file, 'a+', 0o600);
        try {
          // The beginning of a line is left by a process that ended as it wrote: nobody was told that it was added.
          const { size } = await handle.stat();
          const last = Buffer.alloc(1);
          if (size > 0) await handle.read(last, 0, 1, size - 1);
          const { tenant, trial, participant } = owner;
          const line = `${JSON.stringify({ tenant, trial, participant })}\n`;
          await handle.appendFile(size > 0 && last.toString() !== '\n' ? `\n${line}` : line);
          await handle.sync();
        } finally {
          await handle.close();
        }
        await syncDirectory(this.dir);
      } finally {
        await lease.release();
      }
    });
  }

  /** @throws KeysUnavailable when the register cannot be read: then nobody may be told that a key is there */
  async has(owner: KeyOwner): Promise<boolean> {
    return (await this.owners()).has(ownerKey(owner));
  }

  /** Everybody who is in it. @throws KeysUnavailable */
  async all(): Promise<readonly KeyOwner[]> {
    return [...(await this.owners()).values()];
  }

  private owners(): Promise<ReadonlyMap<string, KeyOwner>> {
    return this.orUnavailable(async () => {
      const stamp = await this.stamp();
      if (this.known?.stamp === stamp) return this.known.owners;
      const text = stamp === '' ? '' : await readFile(this.file, 'utf8');
      const owners = new Map<string, KeyOwner>();
      for (const line of text.split('\n')) {
        const owner = ownerIn(line);
        if (owner) owners.set(ownerKey(owner), owner);
      }
      this.known = { stamp, owners };
      return owners;
    });
  }

  private async stamp(): Promise<string> {
    try {
      const { ino, size, mtimeNs } = await stat(this.file, { bigint: true });
      return `${ino} ${size} ${mtimeNs}`;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
      throw error;
    }
  }

  private async orUnavailable<Result>(work: () => Promise<Result>): Promise<Result> {
    try {
      return await work();
    } catch (error) {
      throw new KeysUnavailable('the register of erasures cannot be used', { cause: error });
    }
  }
}

/** @returns undefined for a line that was never finished */
function ownerIn(line: string): KeyOwner | undefined {
  try {
    return Line.safeParse(JSON.parse(line)).data;
  } catch {
    return undefined;
  }
}
