import type { Instant, Position, TenantId } from '@cairn/event-sourcing';
import type pg from 'pg';
import type { Lease } from '../leases/lease.js';
import type { Database } from '../postgres/database.js';
import { inTransaction } from '../postgres/in-transaction.js';

/** Hashes that go behind those that a tile has, or are the first of it. */
export interface TileGrowth {
  readonly scope: string;
  readonly level: number;
  readonly index: number;
  /** 32 bytes each, side by side. */
  readonly hashes: Uint8Array;
}

/** A checkpoint that was signed. */
export interface SignedTree {
  readonly scope: string;
  /** Leaves of the tree. */
  readonly size: number;
  /** Last position of the log that it covers. */
  readonly position: Position;
  /** A C2SP signed note. */
  readonly note: string;
}

export interface StoredCheckpoint extends SignedTree {
  readonly signedAt: Instant;
}

/** Where the notary of a tenant is. */
export interface NotaryState {
  readonly position: Position;
  /** Set when the log is not what was signed; nothing more is signed then. */
  readonly halted: { readonly position: Position; readonly reason: string; readonly at: Instant } | undefined;
}

/** What a proof of one leaf begins with. */
export interface ProofBasis {
  /** The first checkpoint of the tree that covers the position; undefined when it is not signed yet. */
  readonly covering: StoredCheckpoint | undefined;
  /** The latest of the tree. */
  readonly latest: StoredCheckpoint | undefined;
  /** Tiles of level 0, by index, that have all leaves that `covering` adds. */
  readonly leaves: ReadonlyMap<number, Uint8Array>;
}

/** Which tile of a tree. */
export interface TileKey {
  readonly level: number;
  readonly index: number;
}

/** What is kept of the Merkle logs: checkpoints, and the tiles that proofs are made of. */
export class ProofStore {
  constructor(private readonly database: Database) {}

  async notary(tenant: TenantId): Promise<NotaryState> {
    const [row] = await this.read<[position: string, at: string | null, reason: string | null, when: string | null]>(
      tenant,
      'notary',
      `select position, halted_position, halted_reason, ${millisecondsOf('halted_at')}
       from cairn.notary where tenant = own.tenant`,
    );
    const [position = '0', at = null, reason = null, when = null] = row ?? [];
    return {
      position: BigInt(position),
      halted: reason === null ? undefined : { position: BigInt(at ?? 0), reason, at: Math.round(Number(when)) },
    };
  }

  /**
   * Keeps what was signed of the positions after `before` up to `last`, all of it or nothing.
   *
   * Nobody waits for the disk: the events that are signed are on it already, and from them the same is signed again.
   * @param lease under which it is kept
   * @returns false when another notary was faster, or the notary has been halted
   * @throws LeaseLost
   */
  async keep(
    tenant: TenantId,
    { before, last }: { readonly before: Position; readonly last: Position },
    tiles: readonly TileGrowth[],
    checkpoints: readonly SignedTree[],
    lease?: Pick<Lease, 'guard'>,
  ): Promise<boolean> {
    const keeping = async (client: pg.ClientBase): Promise<boolean> => {
      await lease?.guard(client);
      const { rows } = await client.query<{ kept: boolean }>({
        name: 'cairn_keep_checkpoints',
        text: 'select cairn.keep_checkpoints($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) as kept',
        values: [
          tenant,
          before,
          last,
          tiles.map(({ scope }) => scope),
          tiles.map(({ level }) => level),
          tiles.map(({ index }) => index),
          tiles.map(({ hashes }) => Buffer.from(hashes)),
          checkpoints.map(({ scope }) => scope),
          checkpoints.map(({ size }) => size),
          checkpoints.map(({ position }) => position),
          checkpoints.map(({ note }) => note),
        ],
      });
      return rows[0]!.kept;
    };
    return inTransaction(this.database.pool, keeping, 'begin; set local synchronous_commit = off');
  }

  /** @param reason undefined: the log is again what was signed */
  async halt(tenant: TenantId, position: Position, reason: string | undefined): Promise<void> {
    await this.database.pool.query('select cairn.halt_notary($1, $2, $3)', [tenant, position, reason ?? null]);
  }

  /** The latest checkpoint of a tree; undefined when there is none. */
  async latest(tenant: TenantId, scope: string): Promise<StoredCheckpoint | undefined> {
    const rows = await this.read<CheckpointRow>(
      tenant,
      'latest',
      `select ${CHECKPOINT} from cairn.checkpoint where tenant = own.tenant and scope = $2 order by size desc limit 1`,
      [scope],
    );
    return rows.map((row) => readCheckpoint(scope, row))[0];
  }

  /** The first checkpoint of a tree that has so many leaves; undefined when there is none yet. */
  async ofSize(tenant: TenantId, scope: string, size: number): Promise<StoredCheckpoint | undefined> {
    return (await this.checkpoints(tenant, scope, { after: size - 1, limit: 1 }))[0];
  }

  /** What a proof of the leaf at a position of the log begins with, in one round trip. */
  async proofBasis(tenant: TenantId, scope: string, position: Position): Promise<ProofBasis> {
    const rows = await this.read<readonly [which: string, ...CheckpointRow]>(
      tenant,
      'basis',
      `with covering as materialized (
         select ${CHECKPOINT} from cairn.checkpoint
         where tenant = own.tenant and scope = $2 and position >= $3 order by position limit 1
       ), latest as materialized (
         select ${CHECKPOINT} from cairn.checkpoint where tenant = own.tenant and scope = $2 order by size desc limit 1
       )
       select 'covering', * from covering
       union all select 'latest', * from latest
       union all (
         -- A checkpoint adds 256 leaves at the most: they are in the tile of the last of them and in the one before.
         select 'tile', tile.index, null, null, encode(tile.hashes, 'base64')
         from covering cross join lateral (
           select * from cairn.tile t
           where t.tenant = own.tenant and t.scope = $2 and t.level = 0
             and t.index between (covering.size - 1) / 256 - 1 and (covering.size - 1) / 256 offset 0
         ) tile
       )`,
      [scope, position],
    );
    const checkpoint = (wanted: string): StoredCheckpoint | undefined =>
      rows.filter(([which]) => which === wanted).map(([, ...row]) => readCheckpoint(scope, row))[0];
    const tiles = rows.filter(([which]) => which === 'tile');
    return {
      covering: checkpoint('covering'),
      latest: checkpoint('latest'),
      leaves: new Map(tiles.map(([, index, , , hashes]) => [Number(index), Buffer.from(hashes, 'base64')])),
    };
  }

  /** A tree's checkpoints in their order. @param after only those with more leaves */
  async checkpoints(
    tenant: TenantId,
    scope: string,
    { after, limit }: { readonly after: number; readonly limit: number },
  ): Promise<readonly StoredCheckpoint[]> {
    const rows = await this.read<CheckpointRow>(
      tenant,
      'checkpoints',
      `select ${CHECKPOINT} from cairn.checkpoint where tenant = own.tenant and scope = $2 and size > $3 order by size limit $4`,
      [scope, after, limit],
    );
    return rows.map((row) => readCheckpoint(scope, row));
  }

  /** The scopes of a tenant that have a tree, with how many leaves; '' is the whole log. */
  async trees(tenant: TenantId): Promise<readonly { readonly scope: string; readonly size: number }[]> {
    const rows = await this.read<[string, string]>(
      tenant,
      'trees',
      // Hops from tree to tree: there are few of them, with many checkpoints each.
      `with recursive tree as (
         (select scope, size from cairn.checkpoint where tenant = own.tenant order by scope, size desc limit 1)
         union all
         select next.scope, next.size from tree cross join lateral (
           select scope, size from cairn.checkpoint
           where tenant = own.tenant and scope > tree.scope order by scope, size desc limit 1
         ) next
       ) select scope, size from tree`,
    );
    return rows.map(([scope, size]) => ({ scope, size: Number(size) }));
  }

  /** The hashes of some tiles, side by side in each; what there is not has none. */
  async tiles(tenant: TenantId, scope: string, keys: readonly TileKey[]): Promise<readonly Uint8Array[]> {
    if (keys.length === 0) return [];
    const rows = await this.read<[string, string, string]>(
      tenant,
      'tiles',
      `select tile.level, tile.index, encode(tile.hashes, 'base64')
       from unnest($3::int[], $4::bigint[]) as wanted (level, index)
       cross join lateral (
         select * from cairn.tile t
         where t.tenant = own.tenant and t.scope = $2 and t.level = wanted.level and t.index = wanted.index offset 0
       ) tile`,
      [scope, keys.map(({ level }) => level), keys.map(({ index }) => index)],
    );
    const found = new Map(rows.map(([level, index, hashes]) => [`${level}/${index}`, Buffer.from(hashes, 'base64')]));
    return keys.map(({ level, index }) => found.get(`${level}/${index}`) ?? new Uint8Array());
  }

  /** How many events of a scope the log has up to a position; it reads over all of them. */
  async countEvents(tenant: TenantId, scope: string, upTo: Position): Promise<number> {
    const rows = await this.read<[string]>(
      tenant,
      'count',
      // "0" is the character after "/".
      `select count(*) from cairn.event where tenant = own.tenant and position <= $3
         and (
           $2 = '' or (stream >= $2 || '/' and stream < $2 || '0')
           -- A name of one segment is no trial's.
           or ($2 like '@%' and stream in ($2, substr($2, 2)))
         )`,
      [scope, upTo],
    );
    return Number(rows[0]![0]);
  }

  private async read<Row extends readonly unknown[]>(
    tenant: TenantId,
    name: string,
    text: string,
    values: readonly unknown[] = [],
  ): Promise<readonly Row[]> {
    // As the reads of the event store: the tenant is set by the statement itself, so that it is one round trip.
    const inTenant = `with own as materialized (select set_config('cairn.tenant', $1, true) as tenant)
      select found.* from own cross join lateral (${text}) found`;
    const query = { name: `cairn_proofs_${name}`, text: inTenant, values: [tenant, ...values], rowMode: 'array' };
    const { rows } = await this.database.pool.query({ ...query, types: AS_TEXT } as pg.QueryArrayConfig);
    return rows as unknown as readonly Row[];
  }
}

type CheckpointRow = readonly [size: string, position: string, signedAt: string, note: string];

const millisecondsOf = (column: string): string => `date_part('epoch', ${column}) * 1000`;
const CHECKPOINT = `size, position, ${millisecondsOf('signed_at')}, note`;

const readCheckpoint = (scope: string, [size, position, signedAt, note]: CheckpointRow): StoredCheckpoint => ({
  scope,
  size: Number(size),
  position: BigInt(position),
  signedAt: Math.round(Number(signedAt)),
  note,
});

const AS_TEXT = { getTypeParser: () => (text: string) => text };
