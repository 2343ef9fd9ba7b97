import { createHash } from 'node:crypto';
import { z } from 'zod';
import {
  type KeyManagement,
  KeyNotUnwrapped,
  type KeyOwner,
  KeysUnavailable,
  type StoredKey,
  type WrappedKeys,
} from './key-management.js';
import type { Vault } from './vault.js';

/** Where in Vault the keys are: mounts of the transit engine and of version 2 of the key-value engine. */
export interface VaultMounts {
  readonly transit: string;
  readonly kv: string;
}

const Encrypted = z.object({ ciphertext: z.string().min(1) });
const Decrypted = z.object({ plaintext: z.base64() });
const Kept = z.object({
  data: z.object({ tenant: z.string(), trial: z.string(), participant: z.string(), wrapped: z.string() }).nullable(),
});
const Listed = z.object({ keys: z.array(z.string()) });

/** What is below this in the key-value engine is ours. */
const ROOT = 'cairn';
/** Instead of a wrapped key: it was destroyed. */
const GONE = '';

/**
 * Keys in HashiCorp Vault or OpenBao: the transit engine wraps with a key of each tenant, which never leaves it; the
 * key-value engine keeps what it wrapped. To destroy a key, its metadata with all of its versions are deleted, and a
 * tombstone is put where it was.
 */
export class VaultKeys implements KeyManagement, WrappedKeys {
  private readonly made = new Set<string>();

  constructor(
    private readonly vault: Vault,
    private readonly mounts: VaultMounts = { transit: 'transit', kv: 'secret' },
  ) {}

  async wrap(tenant: string, dataKey: Buffer): Promise<string> {
    const name = nameOf('cairn', tenant);
    if (!this.made.has(name)) {
      // Made again it stays as it is.
      await this.vault.ask('POST', `${this.mounts.transit}/keys/${name}`, { type: 'aes256-gcm96' });
      this.made.add(name);
    }
    const answer = await this.vault.ask('POST', `${this.mounts.transit}/encrypt/${name}`, {
      plaintext: dataKey.toString('base64'),
    });
    if (answer.kind !== 'data') throw new KeysUnavailable('Vault does not wrap a key');
    return read(Encrypted, answer.data).ciphertext;
  }

  async unwrap(tenant: string, wrapped: string): Promise<Buffer> {
    const path = `${this.mounts.transit}/decrypt/${nameOf('cairn', tenant)}`;
    const answer = await this.vault.ask('POST', path, { ciphertext: wrapped });
    if (answer.kind !== 'data') throw new KeyNotUnwrapped('the key was not wrapped with this tenant’s');
    return Buffer.from(read(Decrypted, answer.data).plaintext, 'base64');
  }

  async find(owner: KeyOwner): Promise<StoredKey> {
    const kept = await this.read(pathOf(owner));
    if (kept === undefined) return { kind: 'none' };
    return kept.wrapped === GONE ? { kind: 'destroyed' } : { kind: 'wrapped', wrapped: kept.wrapped };
  }

  async putIfNone(owner: KeyOwner, wrapped: string): Promise<StoredKey> {
    const answer = await this.put(owner, wrapped, { cas: 0 });
    // Somebody was faster, or it was here all along.
    const kept = answer === 'refused' ? await this.find(owner) : ({ kind: 'wrapped', wrapped } as const);
    if (kept.kind === 'none') throw new KeysUnavailable('Vault neither takes a key nor has one');
    return kept;
  }

  async destroy(owner: KeyOwner): Promise<void> {
    const answer = await this.vault.ask('DELETE', `${this.mounts.kv}/metadata/${pathOf(owner)}`);
    if (answer.kind === 'refused') throw new KeysUnavailable('Vault does not delete a key');
    if ((await this.put(owner, GONE, { cas: 0 })) === 'done') return;
    // Put in between by somebody who did not know yet, or the tombstone of an earlier attempt.
    const found = await this.find(owner);
    if (found.kind !== 'destroyed') throw new KeysUnavailable('a key was made while it was being destroyed');
  }

  async trials(): Promise<readonly { readonly tenant: string; readonly trial: string }[]> {
    const trials: { readonly tenant: string; readonly trial: string }[] = [];
    for (const tenant of await this.list(ROOT)) {
      for (const trial of await this.list(`${ROOT}/${tenant}`)) {
        // A name that was too long for a path is in what is kept below it.
        const [first] = await this.list(`${ROOT}/${tenant}/${trial}`);
        const kept = first === undefined ? undefined : await this.read(`${ROOT}/${tenant}/${trial}/${first}`);
        if (kept) trials.push({ tenant: kept.tenant, trial: kept.trial });
      }
    }
    return trials;
  }

  private async read(path: string): Promise<NonNullable<z.infer<typeof Kept>['data']> | undefined> {
    const answer = await this.vault.ask('GET', `${this.mounts.kv}/data/${path}`);
    if (answer.kind === 'absent') return undefined;
    if (answer.kind !== 'data') throw new KeysUnavailable('Vault does not read a key');
    return read(Kept, answer.data).data ?? undefined;
  }

  private async put({ tenant, trial, participant }: KeyOwner, wrapped: string, options: object) {
    const owner = { tenant, trial, participant };
    const answer = await this.vault.ask('POST', `${this.mounts.kv}/data/${pathOf(owner)}`, {
      options,
      data: { ...owner, wrapped },
    });
    if (answer.kind === 'absent') throw new KeysUnavailable('Vault has no key-value engine of version 2 there');
    return answer.kind === 'refused' ? 'refused' : 'done';
  }

  private async list(path: string): Promise<readonly string[]> {
    const answer = await this.vault.ask('GET', `${this.mounts.kv}/metadata/${path}?list=true`);
    if (answer.kind === 'absent') return [];
    if (answer.kind !== 'data') throw new KeysUnavailable('Vault does not list keys');
    return read(Listed, answer.data).keys.map((name) => name.replace(/\/$/, ''));
  }
}

function read<Shape>(shape: z.ZodType<Shape>, data: unknown): Shape {
  const parsed = shape.safeParse(data);
  if (!parsed.success) throw new KeysUnavailable('Vault answers what it never does');
  return parsed.data;
}

const pathOf = ({ tenant, trial, participant }: KeyOwner): string =>
  [ROOT, ...[tenant, trial, participant].map((id) => nameOf('p', id))].join('/');

/** Ids are anything; a part of a path is letters, digits, dashes, and no longer than a file's name on most systems. */
function nameOf(prefix: string, id: string): string {
  const encoded = Buffer.from(id, 'utf8').toString('base64url');
  return encoded.length <= 180 ? `${prefix}-${encoded}` : `${prefix}_${createHash('sha256').update(id).digest('hex')}`;
}
