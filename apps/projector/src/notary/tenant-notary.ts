import {
  checkpointOrigin,
  checkpointText,
  cloudEventLine,
  Frontier,
  frontierSpans,
  HASH_BYTES,
  hashesOf,
  leafHash,
  noteOf,
  openNote,
  parseCheckpoint,
  sameHash,
  scopeOf,
  TILE_WIDTH,
} from '@cairn/audit';
import type { EventStore, Position, RecordedEvent, TenantId } from '@cairn/event-sourcing';
import type { ProofStore, SignedTree } from '@cairn/platform';
import type { Lease } from '@cairn/platform/leases';
import { GrowingTree } from './growing-tree.js';
import type { SigningKeys } from './signing-keys.js';

/** The tree of the whole log. */
export const WHOLE_LOG = '';

/** Events that are signed in one transaction; as many leaves again are in the trees of their scopes. */
const PAGE = 512;
/** Events that are compared with what was signed in one go: a tile. */
const PATROL_PAGE = TILE_WIDTH;

/** The log is not what was signed, or what was signed is not there any more. */
export class LogAltered extends Error {
  override readonly name = 'LogAltered';
  constructor(
    readonly position: Position,
    readonly reason: string,
  ) {
    super(reason);
  }
}

/** Another notary went on meanwhile: what was read does not belong together. */
class Overtaken extends Error {
  override readonly name = 'Overtaken';
}

/** How far a tenant's trees are, and those of them that were needed so far. */
interface Signed {
  position: Position;
  readonly trees: Map<string, GrowingTree>;
}

export interface NotaryTools {
  readonly store: Pick<EventStore, 'readLog'>;
  readonly proofs: ProofStore;
  readonly keys: () => Promise<SigningKeys>;
}

/**
 * Signs the log of one tenant: each event becomes a leaf of the tree of the whole log and of the tree of its scope. What it
 * keeps in memory is what the database has; whenever that is in doubt it is read again.
 */
export class TenantNotary {
  private signed: Signed | undefined;
  private patrolled: Position = 0n;

  constructor(
    private readonly tenant: TenantId,
    private readonly tools: NotaryTools,
    private readonly lease?: Pick<Lease, 'guard'>,
  ) {}

  /**
   * Signs a page of what is not signed yet.
   * @returns how many checkpoints were made, and whether there may be more to sign
   * @throws LogAltered instead of signing over it
   */
  async advance(): Promise<{ readonly checkpoints: number; readonly more: boolean }> {
    try {
      const signed = (this.signed ??= await this.lookUp());
      if (signed === undefined) return NOTHING;
      const before = signed.position;
      const events = await this.tools.store.readLog(this.tenant, { from: before, limit: PAGE });
      if (events.length === 0) return NOTHING;
      const checkpoints = await this.sign(signed, events, await this.tools.keys());
      const last = events.at(-1)!.position;
      const growth = [...signed.trees.values()].flatMap((tree) => tree.takeGrowth());
      if (!(await this.tools.proofs.keep(this.tenant, { before, last }, growth, checkpoints, this.lease)))
        throw new Overtaken();
      signed.position = last;
      return { checkpoints: checkpoints.length, more: events.length === PAGE };
    } catch (error) {
      this.forget();
      if (error instanceof Overtaken) return { checkpoints: 0, more: true };
      throw error;
    }
  }

  /**
   * Compares the next events with what was signed of them, round and round.
   * @returns whether this was the end of a round
   * @throws LogAltered at an event that is not what was signed
   */
  async patrol(): Promise<boolean> {
    const { position: signed } = await this.tools.proofs.notary(this.tenant);
    const from = this.patrolled;
    if (from >= signed) {
      this.patrolled = 0n;
      return true;
    }
    const [events, [tile]] = await Promise.all([
      this.tools.store.readLog(this.tenant, { from, limit: PATROL_PAGE }),
      this.tools.proofs.tiles(this.tenant, WHOLE_LOG, [{ level: 0, index: Number(from) / PATROL_PAGE }]),
    ]);
    const expected = Math.min(PATROL_PAGE, Number(signed - from));
    for (let at = 0; at < expected; at++) {
      const position = from + BigInt(at) + 1n;
      const event = events[at];
      if (event?.position !== position) throw this.altered(position, 'an event that was signed is missing');
      const kept = tile!.subarray(at * HASH_BYTES, (at + 1) * HASH_BYTES);
      if (!sameHash(kept, leafHash(cloudEventLine(event))))
        throw this.altered(position, 'an event is not what was signed');
    }
    this.patrolled = from + BigInt(expected);
    if (this.patrolled < signed) return false;
    this.patrolled = 0n;
    return true;
  }

  /** Looks all trees through, as before anything is signed. @throws LogAltered */
  async inspect(): Promise<void> {
    const { position } = await this.tools.proofs.notary(this.tenant);
    const keys = await this.tools.keys();
    for (const { scope } of await this.tools.proofs.trees(this.tenant)) await this.load(scope, position, keys);
  }

  /** What is in memory is not what the database has. */
  forget(): void {
    this.signed = undefined;
  }

  private altered(position: Position, reason: string): LogAltered {
    // The next round begins at the beginning, and lifts the halt only when it finds nothing.
    this.patrolled = 0n;
    return new LogAltered(position, reason);
  }

  /** @returns undefined while nothing may be signed */
  private async lookUp(): Promise<Signed | undefined> {
    const { position, halted } = await this.tools.proofs.notary(this.tenant);
    return halted ? undefined : { position, trees: new Map() };
  }

  private async sign(
    signed: Signed,
    events: readonly RecordedEvent[],
    keys: SigningKeys,
  ): Promise<readonly SignedTree[]> {
    const checkpoints: SignedTree[] = [];
    const checkpoint = (tree: GrowingTree, position: Position): void =>
      void checkpoints.push(checkpointOf(this.tenant, tree, position, keys));
    const whole = await this.tree(signed, WHOLE_LOG, keys);
    const touched = new Set([whole]);
    for (const event of events) {
      if (event.position !== BigInt(whole.size) + 1n) {
        throw new LogAltered(BigInt(whole.size) + 1n, 'an event is missing in the log');
      }
      const own = await this.tree(signed, scopeOf(event.stream), keys);
      const leaf = leafHash(cloudEventLine(event));
      for (const tree of [whole, own]) {
        tree.add(leaf);
        touched.add(tree);
        if (tree.isFull) checkpoint(tree, event.position);
      }
    }
    const last = events.at(-1)!.position;
    for (const tree of touched) if (tree.hasUnsigned) checkpoint(tree, last);
    return checkpoints;
  }

  private async tree({ position, trees }: Signed, scope: string, keys: SigningKeys): Promise<GrowingTree> {
    let tree = trees.get(scope);
    if (!tree) {
      tree = await this.load(scope, position, keys);
      trees.set(scope, tree);
    }
    return tree;
  }

  /** A tree as it was signed last. @throws LogAltered when what is kept of it does not fit together */
  private async load(scope: string, position: Position, keys: SigningKeys): Promise<GrowingTree> {
    const tree = await this.attemptToLoad(scope, position, keys);
    if (tree instanceof GrowingTree) return tree;
    const { position: now } = await this.tools.proofs.notary(this.tenant);
    throw now === position ? tree : new Overtaken();
  }

  private async attemptToLoad(scope: string, position: Position, keys: SigningKeys): Promise<GrowingTree | LogAltered> {
    const { proofs } = this.tools;
    const name = scope === WHOLE_LOG ? 'the whole log' : scope;
    const stored = await proofs.latest(this.tenant, scope);
    const size = stored?.size ?? 0;
    if ((await proofs.countEvents(this.tenant, scope, position)) !== size) {
      return new LogAltered(position, `the log has not as many events of ${name} as were signed`);
    }
    if (stored === undefined) return new GrowingTree(scope, new Frontier(), undefined);
    const opened = openNote(stored.note, keys.verifiers);
    if ('problem' in opened) {
      return new LogAltered(stored.position, `the last checkpoint of ${name} is not signed by a key of the ring`);
    }
    const checkpoint = parseCheckpoint(opened.text);
    const frontier = await this.frontier(scope, size);
    const isOurs =
      checkpoint?.origin === checkpointOrigin(keys.name, this.tenant, scope) &&
      checkpoint.size === size &&
      frontier !== undefined &&
      sameHash(frontier.root(), checkpoint.root);
    if (!isOurs) return new LogAltered(stored.position, `the tiles of ${name} are not those of its last checkpoint`);
    return new GrowingTree(scope, frontier, opened.verifiedBy.at(-1)!.id);
  }

  /** @returns undefined when the tiles have less than the tree, or more, which would be continued in the wrong place */
  private async frontier(scope: string, size: number): Promise<Frontier | undefined> {
    const { proofs } = this.tools;
    const end = { level: 0, index: Math.floor(size / TILE_WIDTH) };
    const [tile] = await proofs.tiles(this.tenant, scope, [end]);
    if (tile!.length !== (size % TILE_WIDTH) * HASH_BYTES) return undefined;
    try {
      const hashes = await hashesOf(frontierSpans(size), (keys) => proofs.tiles(this.tenant, scope, keys));
      return new Frontier(size, [...hashes]);
    } catch (error) {
      if (error instanceof RangeError) return undefined;
      throw error;
    }
  }
}

const NOTHING = { checkpoints: 0, more: false } as const;

/** After a rotation the first checkpoint of a tree is signed by the key before as well, which hands the tree over. */
function checkpointOf(tenant: TenantId, tree: GrowingTree, position: Position, keys: SigningKeys): SignedTree {
  const head = tree.takeHead();
  const text = checkpointText({ origin: checkpointOrigin(keys.name, tenant, tree.scope), ...head });
  const { active } = keys;
  const predecessor =
    tree.signedBy === undefined || tree.signedBy === active.key.id ? undefined : keys.signers.get(tree.signedBy);
  const signers = predecessor ? [predecessor, active] : [active];
  tree.signedBy = active.key.id;
  return {
    scope: tree.scope,
    size: head.size,
    position,
    note: noteOf({ text, signatures: signers.map((signer) => signer.sign(text)) }),
  };
}
