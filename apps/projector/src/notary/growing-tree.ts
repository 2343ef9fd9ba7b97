import { CHECKPOINT_MAX_LEAVES, type Frontier, type Hash, HASH_BYTES, TILE_HEIGHT, TILE_WIDTH } from '@cairn/audit';
import type { TileGrowth } from '@cairn/platform';

/** A tree to which leaves are added: it collects what its tiles grow by and which leaves are not signed yet. */
export class GrowingTree {
  private unsigned: Hash[] = [];
  private growth = new Map<string, { readonly level: number; readonly index: number; readonly hashes: Hash[] }>();

  /** @param signedBy id of the key that signed the last checkpoint; undefined when there is none */
  constructor(
    readonly scope: string,
    private readonly frontier: Frontier,
    public signedBy: string | undefined,
  ) {}

  get size(): number {
    return this.frontier.size;
  }

  /** Whether a checkpoint has to be made before another leaf is added. */
  get isFull(): boolean {
    return this.unsigned.length >= CHECKPOINT_MAX_LEAVES;
  }

  get hasUnsigned(): boolean {
    return this.unsigned.length > 0;
  }

  add(leaf: Hash): void {
    this.unsigned.push(leaf);
    this.frontier.append(leaf, (nodeLevel, nodeIndex, hash) => {
      if (nodeLevel % TILE_HEIGHT !== 0) return;
      const [level, index] = [nodeLevel / TILE_HEIGHT, Math.floor(nodeIndex / TILE_WIDTH)];
      const key = `${level}/${index}`;
      const grown = this.growth.get(key);
      if (grown) grown.hashes.push(hash);
      else this.growth.set(key, { level, index, hashes: [hash] });
    });
  }

  /** What a checkpoint says now; the leaves it adds are signed with it. */
  takeHead(): { readonly size: number; readonly root: Hash; readonly added: readonly Hash[] } {
    const added = this.unsigned;
    this.unsigned = [];
    return { size: this.size, root: this.frontier.root(), added };
  }

  /** What the tiles have grown by since it was asked last. */
  takeGrowth(): readonly TileGrowth[] {
    const growth = [...this.growth.values()].map(({ level, index, hashes }) => ({
      scope: this.scope,
      level,
      index,
      hashes: Buffer.concat(hashes, hashes.length * HASH_BYTES),
    }));
    this.growth = new Map();
    return growth;
  }
}
