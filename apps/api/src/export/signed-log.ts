import { noteSigner, rotationNote, TILE_WIDTH, verifierKey, verifierKeyText } from '@cairn/audit';
import type { TenantId } from '@cairn/event-sourcing';
import type { ProofStore } from '@cairn/platform';
import { type KeyRing, readKeyRing } from '@cairn/platform/signing';
import type { Configuration } from '../configuration.js';

/** The public side of the keys that sign logs. */
export interface KeyHistory {
  /** Verifier keys, in the order in which they came into use. */
  readonly keys: readonly string[];
  /** The signed note by which each was handed over to by the one before, as far as both can still sign. */
  readonly rotations: readonly string[];
}

/** Hashes of nodes of level 8 · level, side by side, in base64. */
export interface StoredTile {
  readonly level: number;
  readonly index: number;
  readonly hashes: string;
}

/** Tiles that are read at once: half a megabyte. */
const TILES = 64;

/** How far a scope's tree is signed. */
export interface SignedSize {
  readonly size: number;
  /** The notary has found that the log is not what it signed, and signs no more. */
  readonly halted: boolean;
}

/** What the notary has signed of a tenant's logs, and with which keys. */
export class SignedLog {
  /** @param keyHistory undefined where nothing is signed */
  constructor(
    private readonly proofs: ProofStore,
    private readonly keyHistory: () => Promise<KeyHistory | undefined>,
  ) {}

  async signedSize(tenant: TenantId, scope: string): Promise<SignedSize> {
    const [checkpoint, notary] = await Promise.all([this.proofs.latest(tenant, scope), this.proofs.notary(tenant)]);
    return { size: checkpoint?.size ?? 0, halted: notary.halted !== undefined };
  }

  /** Signed notes of a scope's tree by rising size, those of sizes above `after`. */
  notes(
    tenant: TenantId,
    scope: string,
    after: number,
    limit: number,
  ): Promise<readonly { readonly size: number; readonly note: string }[]> {
    return this.proofs.checkpoints(tenant, scope, { after, limit });
  }

  /** The tiles of a scope's tree of so many leaves, by level and index; what there is not has no hashes. */
  async *tiles(tenant: TenantId, scope: string, size: number): AsyncGenerator<readonly StoredTile[]> {
    for (let level = 0; size >= TILE_WIDTH ** level; level++) {
      const nodes = Math.floor(size / TILE_WIDTH ** level);
      for (let first = 0; first * TILE_WIDTH < nodes; first += TILES) {
        const count = Math.min(TILES, Math.ceil(nodes / TILE_WIDTH) - first);
        const keys = Array.from({ length: count }, (_, at) => ({ level, index: first + at }));
        const found = await this.proofs.tiles(tenant, scope, keys);
        yield keys.map((key, at) => ({ ...key, hashes: Buffer.from(found[at]!).toString('base64') }));
      }
    }
  }

  /** @returns undefined where nothing is signed @throws InvalidKeyRing, or the file system's error */
  keys(): Promise<KeyHistory | undefined> {
    return this.keyHistory();
  }
}

/** The keys of a configuration: those that were given, or of the key ring where this service may read it. */
export async function configuredKeys({ signingKeys, verifierKeys }: ConfiguredKeys): Promise<KeyHistory | undefined> {
  // Whoever has no private keys cannot say that one handed over to the next.
  if (verifierKeys !== undefined) return { keys: verifierKeys, rotations: [] };
  return signingKeys === undefined ? undefined : keyHistory(await readKeyRing(signingKeys));
}

type ConfiguredKeys = Pick<Configuration, 'signingKeys' | 'verifierKeys'>;

/** Signatures of Ed25519 follow from key and text, so the notes are the same whenever they are made. */
function keyHistory({ name, keys }: KeyRing): KeyHistory {
  const signers = keys.map(({ seed }) =>
    seed === undefined ? undefined : noteSigner(name, Buffer.from(seed, 'base64')),
  );
  return {
    keys: keys.map((key) => verifierKeyText(verifierKey(name, Buffer.from(key.public, 'base64')))),
    rotations: signers.flatMap((after, index) => {
      const before = signers[index - 1];
      return before && after ? [rotationNote(before, after)] : [];
    }),
  };
}
