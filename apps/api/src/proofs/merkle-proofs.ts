import {
  addedAt,
  besideLeaves,
  type Checkpoint,
  cloudEventLine,
  consistencySpans,
  type Hash,
  hashesOf,
  inclusionSpans,
  KeptTiles,
  leafHash,
  parseCheckpoint,
  parseNote,
  type ReadTiles,
  type SignedNote,
  type Span,
  verifyInclusion,
} from '@cairn/audit';
import type { RecordedEvent, TenantId } from '@cairn/event-sourcing';
import type { ProofStore, StoredCheckpoint } from '@cairn/platform';
import { LRUCache } from 'lru-cache';

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

/** 8 MB: those near the root of many trees, and some of the last leaves that were asked for. */
const MOST_TILES = 512;
const MOST_TREES = 100;

/** Proofs from what the notary has kept; a scope is a trial's first segment of stream names. */
export class MerkleProofs {
  private readonly tiles = new KeptTiles(MOST_TILES);
  private readonly heads = new LRUCache<string, SignedHead>({ max: MOST_TREES });

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
    // Before the tiles, so that they have all that it has.
    const given = size === undefined ? undefined : await this.store.ofSize(tenant, scope, size);
    const { covering, latest, leaves } = await this.store.proofBasis(tenant, scope, event.position);
    const stored = size === undefined ? latest : given;
    if (!covering || !stored) return undefined;
    // Each leaf's hash is signed by the checkpoint that adds it.
    const leaf = leafHash(cloudEventLine(event));
    const index = addedAt(noteText(covering), leaf);
    if (index === undefined || index >= stored.size) return undefined;
    const tree = JSON.stringify([tenant, scope]);
    const head = this.headOf(tree, stored);
    const read: ReadTiles = (tiles) => this.store.tiles(tenant, scope, tiles);
    const hashes = (): Promise<readonly Hash[]> =>
      this.tiles.hashesOf(tree, inclusionSpans(index, head.size), besideLeaves(leaves, read));
    const proof = await hashes();
    if (verifyInclusion(leaf, index, head.size, proof, head.says.root))
      return { event, index, leafHash: leaf, proof, head };
    // What is kept may be of a log that was brought back from an earlier copy since; now it is what the store has.
    this.tiles.forget(tree);
    return { event, index, leafHash: leaf, proof: await hashes(), head };
  }

  /** A tree's head is the same for many proofs, and takes longer to read than to find. */
  private headOf(tree: string, stored: StoredCheckpoint): SignedHead {
    const before = this.heads.get(tree);
    if (before?.note === stored.note) return before;
    const head = readHead(stored);
    this.heads.set(tree, head);
    return head;
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

function noteText({ note, size }: StoredCheckpoint): string {
  const text = parseNote(note)?.text;
  if (text === undefined) throw new Error(`the checkpoint of ${size} leaves is no note any more`);
  return text;
}

function readHead(stored: StoredCheckpoint): SignedHead {
  const signed = parseNote(stored.note);
  const says = signed && parseCheckpoint(signed.text);
  if (!says) throw new Error(`the checkpoint of ${stored.size} leaves is no checkpoint any more`);
  return { ...stored, signed, says };
}
