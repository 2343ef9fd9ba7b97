import { createCipheriv, createDecipheriv, randomBytes, randomUUID } from 'node:crypto';
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { leaseDirectory } from '../postgres/embedded/directory-lease.js';
import { type KeyManagement, KeyNotUnwrapped, KeysUnavailable } from './key-management.js';
import { syncDirectory } from './sync-directory.js';

const IV_BYTES = 12;
const TAG_BYTES = 16;
const KEY_BYTES = 32;

const TenantKeys = z.object({ version: z.literal(1), keys: z.record(z.string(), z.base64()) });

/** Tenants' keys in a file of the folder, readable by its owner only. Processes of one machine may share the folder. */
export class TenantKeysFile implements KeyManagement {
  private readonly file: string;
  private known: ReadonlyMap<string, Buffer> = new Map();

  constructor(private readonly dir: string) {
    this.file = path.join(dir, 'tenant-keys.json');
  }

  async wrap(tenant: string, dataKey: Buffer): Promise<string> {
    const key = await this.keyOf(tenant);
    const iv = randomBytes(IV_BYTES);
    const cipher = createCipheriv('aes-256-gcm', key, iv);
    cipher.setAAD(Buffer.from(tenant, 'utf8'));
    const hidden = [cipher.update(dataKey), cipher.final()];
    return Buffer.concat([iv, ...hidden, cipher.getAuthTag()]).toString('base64');
  }

  async unwrap(tenant: string, wrapped: string): Promise<Buffer> {
    const key = await this.keyOf(tenant);
    const bytes = Buffer.from(wrapped, 'base64');
    try {
      const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, IV_BYTES), { authTagLength: TAG_BYTES });
      decipher.setAAD(Buffer.from(tenant, 'utf8'));
      decipher.setAuthTag(bytes.subarray(bytes.length - TAG_BYTES));
      return Buffer.concat([decipher.update(bytes.subarray(IV_BYTES, bytes.length - TAG_BYTES)), decipher.final()]);
    } catch {
      throw new KeyNotUnwrapped('the key was not wrapped with this tenant’s');
    }
  }

  private async keyOf(tenant: string): Promise<Buffer> {
    try {
      return this.known.get(tenant) ?? (await this.read()).get(tenant) ?? (await this.make(tenant));
    } catch (error) {
      throw new KeysUnavailable('the file of the tenants’ keys cannot be used', { cause: error });
    }
  }

  private async read(): Promise<ReadonlyMap<string, Buffer>> {
    let text: string;
    try {
      text = await readFile(this.file, 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return this.known;
      throw error;
    }
    const { keys } = TenantKeys.parse(JSON.parse(text));
    const known = Object.entries(keys).map(([tenant, key]) => [tenant, Buffer.from(key, 'base64')] as const);
    if (known.some(([, key]) => key.length !== KEY_BYTES)) throw new Error('a tenant’s key has not its length');
    return (this.known = new Map(known));
  }

  private async make(tenant: string): Promise<Buffer> {
    await mkdir(this.dir, { recursive: true, mode: 0o700 });
    const lease = await leaseDirectory(this.dir);
    try {
      const before = await this.read();
      const made = before.get(tenant) ?? randomBytes(KEY_BYTES);
      const known = new Map([...before, [tenant, made]]);
      const keys = Object.fromEntries([...known].map(([of, key]) => [of, key.toString('base64')]));
      await this.replace(`${JSON.stringify({ version: 1, keys }, undefined, 2)}\n`);
      this.known = known;
      return made;
    } finally {
      await lease.release();
    }
  }

  /** Whole or not at all, and on disk when it resolves. */
  private async replace(text: string): Promise<void> {
    const draft = path.join(this.dir, `.tenant-keys.${randomUUID()}`);
    try {
      const handle = await open(draft, 'wx', 0o600);
      try {
        await handle.writeFile(text);
        await handle.sync();
      } finally {
        await handle.close();
      }
      await rename(draft, this.file);
      await syncDirectory(this.dir);
    } catch (error) {
      await rm(draft, { force: true });
      throw error;
    }
  }
}
