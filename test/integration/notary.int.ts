import { randomUUID } from 'node:crypto';
import {
  addedAt,
  cloudEventLine,
  consistencySpans,
  hashesOf,
  inclusionSpans,
  leafHash,
  parseCheckpoint,
  parseNote,
  type Span,
  Tile,
  TILE_WIDTH,
  verifyConsistency,
  verifyInclusion,
} from '@cairn/audit';
import type { Position } from '@cairn/event-sourcing';
import { Database, PostgresEventStore, ProofStore } from '@cairn/platform';
import fc from 'fast-check';
import pg from 'pg';
import { Notary } from '../../apps/projector/src/notary/notary.js';
import { type SigningKeys, signingKeysOf } from '../../apps/projector/src/notary/signing-keys.js';
import { query, record, until } from '../support/projection-kit.js';
import { rounds } from '../support/rounds.js';
import { allCheckpoints, expectSigned, recordTrials, wholeLog } from '../support/signed-log.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

const key = (byte: number) => ({
  seed: Buffer.alloc(32, byte).toString('base64'),
  public: '',
  createdAt: '2026-01-01T00:00:00.000Z',
});
/** A key ring whose public keys follow from the seeds. */
function ring(...bytes: readonly number[]): SigningKeys {
  const { name, active, signers } = signingKeysOf({
    version: 1,
    name: 'cairn.test',
    keys: bytes.map((byte) => ({ ...key(byte), public: Buffer.alloc(32).toString('base64') })),
  });
  return { name, active, signers, verifiers: [...signers.values()].map((signer) => signer.key) };
}

describe('the notary', () => {
  let database: TestDatabase;
  let store: PostgresEventStore;
  let connections: Database;
  let proofs: ProofStore;
  let tenant: string;
  const notaries: Notary[] = [];
  const halts: { position: Position; reason: string }[] = [];
  const failures: unknown[] = [];
  let keys = ring(1);

  beforeAll(async () => {
    database = await createTestDatabase();
    store = new PostgresEventStore({
      url: database.services.projector,
      role: 'cairn_projector',
      applicationName: 'test log',
    });
    connections = new Database({ url: database.services.projector, role: 'cairn_projector', applicationName: 'test' });
    proofs = new ProofStore(connections);
  });

  beforeEach(() => {
    tenant = `t-${randomUUID()}`;
    keys = ring(1);
    halts.length = 0;
    failures.length = 0;
  });

  afterEach(async () => {
    await stop();
    expect(failures).toEqual([]);
  });

  afterAll(async () => {
    await store.close();
    await connections.close();
    await database.drop();
  });

  function start(patrolEveryMs = 60_000): Notary {
    const notary = new Notary({
      store: {
        readLog: (of, range) => store.readLog(of, range),
        onAppended: (listener) => store.onAppended(listener),
        // The others' logs are theirs.
        tenants: async () => (await store.tenants()).filter((one) => one === tenant),
      },
      proofs,
      keys: async () => keys,
      gatherMs: 5,
      patrolEveryMs,
      observer: {
        signed: () => undefined,
        resumed: () => undefined,
        halted: (_, position, reason) => void halts.push({ position, reason }),
        failed: (_, error) => void failures.push(error),
      },
    });
    notaries.push(notary);
    notary.start();
    return notary;
  }

  const stop = async (): Promise<void> => {
    await Promise.all(notaries.splice(0).map((notary) => notary.stop()));
  };
  const caughtUp = async (): Promise<void> => {
    const head = await store.head(tenant);
    await until(
      () => proofs.notary(tenant),
      ({ position }) => position >= head,
    );
  };

  /** As somebody who has the server: past row-level security and the triggers. */
  async function alter(sql: string, values: unknown[] = []): Promise<void> {
    const client = new pg.Client({ connectionString: database.url });
    await client.connect();
    try {
      await client.query(
        'alter table cairn.event disable trigger all; alter table cairn.checkpoint disable trigger all',
      );
      await client.query('alter table cairn.tile disable trigger all');
      await client.query(sql, values);
    } finally {
      await client.query('alter table cairn.event enable always trigger immutable');
      await client.query('alter table cairn.checkpoint enable always trigger immutable');
      await client.query('alter table cairn.tile enable always trigger lasting');
      await client.end();
    }
  }

  it('signs every tree, and each checkpoint is the tree of the log by its definition', async () => {
    await recordTrials(store, tenant, { count: 700, trials: ['enrich', 'tenant', '@access'] });
    // Of no trial, not even of the one with this name.
    await record(store, tenant, 'Met', { minutes: 1 });
    start();
    await caughtUp();
    await recordTrials(store, tenant, { count: 30, trials: ['enrich', 'late'], size: 1 });
    await caughtUp();
    expect(await expectSigned({ store, proofs }, tenant, keys.verifiers)).toBeGreaterThan(8);
  });

  it('proves any leaf and any beginning of any tree from a few tiles', async () => {
    await recordTrials(store, tenant, { count: 1_500, trials: ['enrich', 'other'] });
    start();
    await caughtUp();
    const events = await wholeLog(store, tenant);
    const fromTiles = (scope: string, spans: readonly Span[]) =>
      hashesOf(spans, (wanted) => proofs.tiles(tenant, scope, wanted));
    for (const scope of ['', 'enrich', 'other']) {
      const leaves = events.filter(({ stream }) => scope === '' || stream.startsWith(`${scope}/`));
      const heads = (await allCheckpoints(proofs, tenant, scope)).map(({ note }) =>
        parseCheckpoint(parseNote(note)!.text)!,
      );
      const any = fc.tuple(fc.nat(heads.length - 1), fc.nat(heads.length - 1), fc.nat());
      await fc.assert(
        fc.asyncProperty(any, async ([a, b, n]) => {
          const [earlier, later] = [heads[Math.min(a, b)]!, heads[Math.max(a, b)]!];
          const index = n % later.size;
          const inclusion = await fromTiles(scope, inclusionSpans(index, later.size));
          const leaf = leafHash(cloudEventLine(leaves[index]!));
          expect(verifyInclusion(leaf, index, later.size, inclusion, later.root)).toBe(true);
          const consistency = await fromTiles(scope, consistencySpans(earlier.size, later.size));
          expect(verifyConsistency(earlier.size, later.size, earlier.root, later.root, consistency)).toBe(true);
          const { covering, latest, leaves: tiles } = await proofs.proofBasis(tenant, scope, leaves[index]!.position);
          expect(addedAt(parseNote(covering!.note)!.text, leaf)).toBe(index);
          expect(latest).toEqual((await proofs.latest(tenant, scope))!);
          const tile = tiles.get(Math.floor(index / TILE_WIDTH))!;
          expect(Buffer.from(new Tile(tile).hashAt(0, index % TILE_WIDTH)).equals(leaf)).toBe(true);
        }),
        { numRuns: rounds({ ci: 15, night: 500 }) },
      );
    }
  });

  it('is one however many there are: what one signs the other does not', async () => {
    for (let n = 0; n < 3; n++) start();
    await Promise.all([
      recordTrials(store, tenant, { count: 600, trials: ['enrich', 'other'], size: 7 }),
      recordTrials(store, tenant, { count: 600, trials: ['third', 'other'], size: 11 }),
    ]);
    await caughtUp();
    await expectSigned({ store, proofs }, tenant, keys.verifiers);
    expect(halts).toEqual([]);
  });

  it('hands a tree over to a new key by a checkpoint that both have signed', async () => {
    start();
    await recordTrials(store, tenant, { count: 10, trials: ['enrich'] });
    await caughtUp();
    const before = keys;
    keys = ring(1, 2);
    for (let n = 0; n < 2; n++) {
      await recordTrials(store, tenant, { count: 10, trials: ['enrich'] });
      await caughtUp();
    }
    const signers = (await allCheckpoints(proofs, tenant, 'enrich')).map(({ note }) =>
      parseNote(note)!.signatures.map(({ id }) => id),
    );
    const [old, current] = [before.active.key.id, keys.active.key.id];
    expect(signers).toEqual([[old], [old, current], [current]]);
    await expectSigned({ store, proofs }, tenant, keys.verifiers);
  });

  it.each([
    ['changed', 'update cairn.event set payload = $2 where tenant = $1 and position = 137', '{"minutes":0}'],
    ['given to somebody else', 'update cairn.event set actor = $2 where tenant = $1 and position = 137', 'nobody'],
    ['removed', 'delete from cairn.event where tenant = $1 and position = 137 and type <> $2', ''],
  ])('notices that an event was %s, and signs nothing over it', async (_, sql, value) => {
    start(2);
    await recordTrials(store, tenant, { count: 300, trials: ['enrich'] });
    await caughtUp();
    await alter(sql, [tenant, value]);
    await until(
      async () => halts,
      (all) => all.length > 0,
    );
    expect(halts).toMatchObject([{ position: 137n }]);
    const signed = await proofs.latest(tenant, '');
    await recordTrials(store, tenant, { count: 10, trials: ['enrich'] });
    await stop();
    start();
    await recordTrials(store, tenant, { count: 10, trials: ['enrich'] });
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(await proofs.latest(tenant, '')).toEqual(signed);
    expect(await proofs.notary(tenant)).toMatchObject({ position: 300n, halted: { position: 137n } });
  });

  it('goes on when the log is again what was signed', async () => {
    start(2);
    await recordTrials(store, tenant, { count: 300, trials: ['enrich'] });
    await caughtUp();
    await alter(`update cairn.event set actor = 'nobody' where tenant = $1 and position = 5`, [tenant]);
    await until(
      async () => halts,
      (all) => all.length > 0,
    );
    await recordTrials(store, tenant, { count: 300, trials: ['enrich'] });
    await alter(`update cairn.event set actor = 'coordinator "one"' where tenant = $1 and position = 5`, [tenant]);
    await caughtUp();
    await expectSigned({ store, proofs }, tenant, keys.verifiers);
  });

  it.each([
    ['the tiles are others', `update cairn.tile set hashes = sha256(hashes) where tenant = $1 and scope = 'enrich'`],
    [
      'a tile has more than was signed',
      `update cairn.tile set hashes = hashes || hashes where tenant = $1 and level = 0`,
    ],
    ['checkpoints are missing', `delete from cairn.checkpoint where tenant = $1 and scope = 'enrich'`],
    [
      'the last checkpoint is signed by nobody',
      `update cairn.checkpoint set note = replace(note, 'cairn.', 'other.') where tenant = $1`,
    ],
    ['the end of the log is missing', `delete from cairn.event where tenant = $1 and position > 40`],
  ])('does not go on when %s', async (_, sql) => {
    start();
    await recordTrials(store, tenant, { count: 50, trials: ['enrich'] });
    await caughtUp();
    await stop();
    await alter(sql, [tenant]);
    start();
    await recordTrials(store, tenant, { count: 5, trials: ['enrich'] });
    await until(
      async () => halts,
      (all) => all.length > 0,
    );
    expect((await proofs.notary(tenant)).position).toBe(50n);
  });

  it('leaves nobody a way to change what was signed', async () => {
    start();
    await recordTrials(store, tenant, { count: 5, trials: ['enrich'] });
    await caughtUp();
    const statement = (sql: string) =>
      connections
        .inTenant(tenant, (client) => client.query(sql))
        .then(
          () => 'done',
          (error: { code?: string }) => error.code,
        );
    for (const sql of [
      `update cairn.checkpoint set note = 'x'`,
      'delete from cairn.checkpoint',
      'delete from cairn.tile',
      'update cairn.notary set position = 0',
      `insert into cairn.checkpoint values ('${tenant}', 'x', 1, 1, now(), 'x')`,
    ]) {
      expect([sql, await statement(sql)]).toEqual([sql, '42501']);
    }
    // Nor does the owner change it without taking the table apart.
    const asOwner = query(database.url, `update cairn.checkpoint set note = 'x'`);
    await expect(asOwner).rejects.toMatchObject({ code: '42501' });
  });
});
