import {
  type Checkpoint,
  cloudEventLine,
  consistencySpans,
  type Hash,
  hashesOf,
  inclusionSpans,
  leafHash,
  parseCheckpoint,
  parseNote,
  sameHash,
  type SignedNote,
  type Span,
} from '@cairn/audit';
import type { RecordedEvent, TenantId } from '@cairn/event-sourcing';
import type { ProofStore, StoredCheckpoint } from '@cairn/platform';

/** A checkpoint as it was signed, taken apart. */
export interface SignedHead extends StoredCheckpoint {
  readonly signed: SignedNote;
  readonly says: Checkpoint;
}

/** That an event is a leaf of the tree of a checkpoint. */
export interface Inclusion {
  readonly event: RecordedEvent;
  readonly index: number;
  readonly leafHash: Hash;
  readonly proof: readonly Hash[];
  readonly head: SignedHead;
}

/** That one tree is the beginning of another. */
export interface Consistency {
  readonly from: number;
  readonly to: number;
  readonly fromRoot: Hash;
  readonly toRoot: Hash;
  readonly proof: readonly Hash[];
}

/** Proofs from what the notary has kept; a scope is a trial's first segment of stream names. */
export class MerkleProofs {
  constructor(private readonly store: ProofStore) {}

  /** The latest checkpoint, or the first of at least so many leaves; undefined when that is not signed. */
  async head(tenant: TenantId, scope: string, size?: number): Promise<SignedHead | undefined> {
    const stored =
      size === undefined ? await this.store.latest(tenant, scope) : await this.store.ofSize(tenant, scope, size);
    return stored && readHead(stored);
  }

  /** Whether the log was found to be other than what was signed, so that no more is signed. */
  async isHalted(tenant: TenantId): Promise<boolean> {
    return (await this.store.notary(tenant)).halted !== undefined;
  }

  /**
   * @param size to the first checkpoint of at least so many leaves, otherwise to the latest
   * @returns undefined when the event is not signed yet, or is not what was signed, or comes after the checkpoint
   */
  async inclusion(
    tenant: TenantId,
    scope: string,
    event: RecordedEvent,
    size?: number,
  ): Promise<Inclusion | undefined> {
    const [covering, head] = await Promise.all([
      this.store.covering(tenant, scope, event.position),
      this.head(tenant, scope, size),
    ]);
    if (!covering || !head) return undefined;
    // Each leaf's hash is signed by the checkpoint that adds it.
    const { says } = readHead(covering);
    const leaf = leafHash(cloudEventLine(event));
    const place = says.added.findIndex((hash) => sameHash(hash, leaf));
    const index = says.size - says.added.length + place;
    if (place < 0 || index >= head.size) return undefined;
    const proof = await this.hashes(tenant, scope, inclusionSpans(index, head.size));
    return { event, index, leafHash: leaf, proof, head };
  }

  /** @returns undefined when so many leaves are not signed, or `from` is more than `to` */
  async consistency(tenant: TenantId, scope: string, from: number, to: number): Promise<Consistency | undefined> {
    const signed = (await this.store.latest(tenant, scope))?.size ?? 0;
    if (from < 1 || from > to || to > signed) return undefined;
    const proof = consistencySpans(from, to);
    const hashes = await this.hashes(tenant, scope, [{ from: 0, to: from }, { from: 0, to }, ...proof]);
    const [fromRoot, toRoot, ...path] = hashes as [Hash, Hash, ...Hash[]];
    return { from, to, fromRoot, toRoot, proof: path };
  }

  private hashes(tenant: TenantId, scope: string, spans: readonly Span[]): Promise<readonly Hash[]> {
    return hashesOf(spans, (tiles) => this.store.tiles(tenant, scope, tiles));
  }
}

function readHead(stored: StoredCheckpoint): SignedHead {
  const signed = parseNote(stored.note);
  const says = signed && parseCheckpoint(signed.text);
  if (!says) throw new Error(`the checkpoint of ${stored.size} leaves is no checkpoint any more`);
  return { ...stored, signed, says };
}
