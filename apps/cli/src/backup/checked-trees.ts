import {
  type Checkpoint,
  checkpointOrigin,
  Frontier,
  type Hash,
  HASH_BYTES,
  openNote,
  parseCheckpoint,
  sameHash,
  TILE_HEIGHT,
  TILE_WIDTH,
  type VerifierKey,
} from '@cairn/audit';
import type { TenantId } from '@cairn/event-sourcing';
import type { CheckpointRow, TileGrowth } from '@cairn/platform';
import { BackupDamaged } from './problem.js';

/** The tree of the whole log. */
export const WHOLE_LOG = '';

interface Tree {
  readonly frontier: Frontier;
  signedSize: number;
  /** Leaves that no checkpoint covers yet, with their positions in the log. */
  unsigned: { readonly leaf: Hash; readonly position: bigint }[];
}

/** Hashes that a tile has got. */
interface Growth {
  readonly scope: string;
  readonly level: number;
  readonly index: number;
  readonly hashes: Hash[];
}

/** The trees of one tenant, made again from its events and compared with what was signed of them. */
export class CheckedTrees {
  private readonly trees = new Map<string, Tree>();
  private growth = new Map<string, Growth>();

  /** @param keys whose signatures are believed */
  constructor(
    private readonly tenant: TenantId,
    private readonly keys: readonly VerifierKey[],
  ) {}

  /** The next leaf of a tree. @param position of its event in the log */
  add(scope: string, leaf: Hash, position: bigint): void {
    const tree = this.tree(scope);
    tree.unsigned.push({ leaf, position });
    tree.frontier.append(leaf, (nodeLevel, nodeIndex, hash) => {
      if (nodeLevel % TILE_HEIGHT !== 0) return;
      const [level, index] = [nodeLevel / TILE_HEIGHT, Math.floor(nodeIndex / TILE_WIDTH)];
      const key = JSON.stringify([scope, level, index]);
      const grown = this.growth.get(key);
      if (grown) grown.hashes.push(hash);
      else this.growth.set(key, { scope, level, index, hashes: [hash] });
    });
  }

  /**
   * Compares a checkpoint with its tree as it is at the checkpoint's position.
   * @param place the file of the checkpoint, and that of the events
   * @throws BackupDamaged
   */
  check([scope, size, at, , note]: CheckpointRow, place: { readonly notes: string; readonly events: string }): void {
    const tree = this.tree(scope);
    const bad = (why: string): BackupDamaged =>
      new BackupDamaged(
        place.notes,
        `The checkpoint of ${nameOf(scope)} at position ${at}, in ${place.notes}, ${why}.`,
        {
          tenant: this.tenant,
          position: BigInt(at),
        },
      );
    const signed = this.open(note, scope);
    if (typeof signed === 'string') throw bad(signed);
    const { added, root } = signed;
    if (String(signed.size) !== size || signed.size - added.length !== tree.signedSize) {
      throw bad('is not the next one of its tree');
    }
    const altered = tree.unsigned.find(({ leaf }, index) => !added[index] || !sameHash(leaf, added[index]));
    if (altered) {
      throw new BackupDamaged(
        place.events,
        `The event at position ${altered.position} of the log of ${this.tenant}, in ${place.events}, is not the one that was signed.`,
        { tenant: this.tenant, position: altered.position },
      );
    }
    if (tree.frontier.size !== signed.size || !sameHash(tree.frontier.root(), root)) {
      throw bad('has another root than the events make');
    }
    tree.signedSize = signed.size;
    tree.unsigned = [];
  }

  /** Trees of which a leaf is in no checkpoint. */
  unsigned(): readonly string[] {
    return [...this.trees].filter(([, { unsigned }]) => unsigned.length > 0).map(([scope]) => nameOf(scope));
  }

  /** Root of the tree of the whole log, in base64; undefined while nothing of it is there. */
  root(): string | undefined {
    const tree = this.trees.get(WHOLE_LOG);
    return tree && Buffer.from(tree.frontier.root()).toString('base64');
  }

  /** What the tiles have grown by since it was asked last. */
  takeGrowth(): readonly TileGrowth[] {
    const growth = [...this.growth.values()].map(({ hashes, ...tile }) => ({
      ...tile,
      hashes: Buffer.concat(hashes, hashes.length * HASH_BYTES),
    }));
    this.growth = new Map();
    return growth;
  }

  private tree(scope: string): Tree {
    let tree = this.trees.get(scope);
    if (!tree) {
      tree = { frontier: new Frontier(), signedSize: 0, unsigned: [] };
      this.trees.set(scope, tree);
    }
    return tree;
  }

  /** @returns why it is not to be believed, or what it says */
  private open(note: string, scope: string): Checkpoint | string {
    const opened = openNote(note, this.keys);
    if ('problem' in opened) {
      return opened.problem === 'UNKNOWN_KEYS' ? 'is signed by none of the keys' : 'is not as it was signed';
    }
    const signed = parseCheckpoint(opened.text);
    const isOurs = opened.verifiedBy.some(({ name }) => checkpointOrigin(name, this.tenant, scope) === signed?.origin);
    return signed && isOurs ? signed : 'is of another log';
  }
}

const nameOf = (scope: string): string => (scope === WHOLE_LOG ? 'the whole log' : scope);
