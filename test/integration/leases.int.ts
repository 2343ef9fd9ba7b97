import { uuidV5 } from '@cairn/event-sourcing';
import { Database, PostgresEventStore } from '@cairn/platform';
import { guardLease, type Lease, LeaseLost, Leases } from '@cairn/platform/leases';
import fc from 'fast-check';
import pg from 'pg';
import { shouldHave } from '../../libs/platform/src/leases/rendezvous.js';
import { query, until as comes } from '../support/projection-kit.js';
import { rounds } from '../support/rounds.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

const until = (condition: () => boolean | Promise<boolean>, withinMs?: number) =>
  comes(async () => condition(), Boolean, withinMs);
const SHORT = { ttlMs: 600, renewEveryMs: 150, marginMs: 200 };

describe('leases', () => {
  let database: TestDatabase;
  let owner: pg.Client;
  const running = new Set<Leases>();

  beforeAll(async () => {
    database = await createTestDatabase();
    owner = new pg.Client({ connectionString: database.url });
    await owner.connect();
    const store = new PostgresEventStore({ url: database.url, role: 'cairn_projector', applicationName: 'test' });
    for (let tenant = 0; tenant < 12; tenant++) {
      await store.append(`t${tenant}`, {
        stream: 'kit',
        expected: 'any',
        commandId: uuidV5(`first ${tenant}`),
        actor: 'kit',
        events: [{ type: 'Kit', schemaVersion: 1, occurredAt: 0, payload: '{}' }],
      });
    }
    await store.close();
  }, 60_000);

  afterEach(async () => {
    await Promise.all([...running].map((leases) => leases.stop()));
    running.clear();
  });

  afterAll(async () => {
    await owner.end();
    await database.drop();
  });

  const make = (service: string, times: Partial<typeof SHORT> = SHORT): Leases => {
    const leases = new Leases({ url: database.services.projector, role: 'cairn_projector', service, ...times });
    running.add(leases);
    return leases;
  };
  const start = async (service: string, times?: Partial<typeof SHORT>): Promise<Leases> => {
    const leases = make(service, times);
    await leases.start();
    return leases;
  };
  const stop = async (leases: Leases): Promise<void> => {
    running.delete(leases);
    await leases.stop();
  };
  const held = (leases: Leases): number => leases.state().held;
  const lapse = (service: string) =>
    owner.query(`update cairn.lease set expires_at = '-infinity' where service = $1`, [service]);

  it('are taken at the start where nobody has them, and are free at once after an end', async () => {
    const one = await start('first', {});
    expect(held(one)).toBe(12);
    await stop(one);
    const two = await start('first', {});
    expect(held(two)).toBe(12);
    expect(two.of('t3')!.fence).toEqual({ service: 'first', token: 2n });
  });

  it('are shared by those who live, and each tenant has one holder', async () => {
    const one = await start('shared');
    const taken = one.of('t0')!;
    const [two, three] = [await start('shared'), await start('shared')];
    // Which ones follows from their names, which are by chance.
    const share = (of: Leases, ...all: readonly Leases[]): number =>
      Array.from({ length: 12 }, (_, tenant) => `t${tenant}`).filter(
        (tenant) =>
          shouldHave(
            'shared',
            tenant,
            all.map(({ instance }) => instance),
          ) === of.instance,
      ).length;
    const areShared = (...all: readonly Leases[]): boolean => all.every((each) => held(each) === share(each, ...all));
    await until(() => areShared(one, two, three));
    expect(taken.isHeld()).toBe(one.of('t0') !== undefined);
    await stop(two);
    await until(() => areShared(one, three));
  });

  it('are given back when the work under them has ended, not before', async () => {
    const one = await start('working');
    const work = Promise.withResolvers<void>();
    const leases = Array.from({ length: 12 }, (_, index) => one.of(`t${index}`)!);
    const under = leases.map((lease) => lease.during(() => work.promise));
    const two = await start('working');
    await until(() => leases.some(({ signal }) => signal.aborted));
    const asked = leases.filter(({ signal }) => signal.aborted);
    for (const lease of asked) {
      expect(lease.isHeld()).toBe(true);
      expect(one.of(lease.tenant)).toBeUndefined();
    }
    expect(held(two)).toBe(0);
    work.resolve();
    await Promise.all(under);
    await until(() => held(two) === asked.length);
  });

  it('of the whole installation has one holder, whatever tenants there are', async () => {
    const options = { url: database.services.projector, role: 'cairn_projector', service: 'single' } as const;
    const [one, two] = [1, 2].map(() => new Leases({ ...options, of: 'installation', ...SHORT }));
    for (const leases of [one!, two!]) {
      running.add(leases);
      await leases.start();
    }
    await until(() => held(one!) + held(two!) === 1);
    const holder = held(one!) === 1 ? one! : two!;
    expect(holder.of('')).toBeDefined();
  });

  it('are not held by who cannot reach the database, before anybody can take them', async () => {
    const cut = await start('cut');
    const lease = cut.of('t0')!;
    await owner.query('begin');
    // Renewals wait for the table until they give up.
    await owner.query('lock table cairn.lease in exclusive mode');
    await until(() => !lease.isHeld());
    expect(cut.of('t0')).toBeUndefined();
    const { rows } = await owner.query<{ left: number }>(
      `select extract(epoch from expires_at - clock_timestamp())::float8 * 1000 as left
       from cairn.lease where service = 'cut' and tenant = 't0'`,
    );
    expect(rows[0]!.left).toBeGreaterThan(0);
    await owner.query('commit');
    // Nobody took it: it is the same one.
    await until(() => lease.isHeld());
    expect(cut.of('t0')).toBe(lease);
  });

  it('go to the others when an instance falls silent, and its writes are refused from then on', async () => {
    const silent = await start('silent');
    const stale = silent.of('t1')!;
    const work = new Database({ url: database.services.projector, role: 'cairn_projector', applicationName: 'test' });
    const guarded = (lease: Lease) => work.inTenant('t1', (client) => lease.guard(client));
    try {
      await guarded(stale);
      await lapse('silent');
      const [stolen] = await query<{ token: string }>(
        database.url,
        `select token from cairn.take_leases('00000000-0000-0000-0000-000000000001', 'silent', '{t1}', 5000)`,
      );
      expect(stolen!.token).toBe('2');
      await expect(work.inTenant('t1', (client) => guardLease(client, 't1', stale.fence!))).rejects.toThrow(LeaseLost);
      await until(() => stale.signal.aborted);
      expect(stale.isHeld()).toBe(false);
      await expect(guarded(stale)).rejects.toThrow(LeaseLost);
    } finally {
      await work.close();
    }
  });

  it('are not taken from within a transaction under them, which is ended if nobody goes on with it', async () => {
    const one = await start('guarded', { ...SHORT, ttlMs: 2_000 });
    const lease = one.of('t2')!;
    const work = new Database({ url: database.services.projector, role: 'cairn_projector', applicationName: 'test' });
    const take = async () =>
      (await owner.query(`select from cairn.take_leases($1, 'guarded', '{t2}', 60000)`, [uuidV5('thief')])).rowCount;
    try {
      const within = work.inTenant('t2', async (client) => {
        await lease.guard(client);
        const renewed = performance.now();
        await until(() => performance.now() - renewed > 2_500);
        expect(lease.isHeld()).toBe(true);
        // Its lease is free, but somebody is still at work under it.
        await stop(one);
        expect(await take()).toBe(0);
        // As if the process had been stopped here.
        await until(async () => (await take()) === 1, 12_000);
        await client.query('select 1');
      });
      await expect(within).rejects.toThrow(/terminat|connection/i);
    } finally {
      await work.close();
    }
  }, 30_000);

  describe('under which something is appended', () => {
    let store: PostgresEventStore;
    beforeAll(() => {
      store = new PostgresEventStore({
        url: database.services.projector,
        role: 'cairn_projector',
        applicationName: 'test',
      });
    });
    afterAll(() => store.close());

    it('refuse what comes with another token, and nothing else of the same moment', async () => {
      const leases = await start('fence');
      const current = leases.of('t4')!.fence!;
      const append = (name: string, fence?: { service: string; token: bigint }) =>
        store.append('t4', {
          stream: `fenced-${name}`,
          expected: 'none',
          commandId: uuidV5(`fenced ${name}`),
          actor: 'kit',
          events: [{ type: 'Kit', schemaVersion: 1, occurredAt: 0, payload: '{}' }],
          ...(fence && { fence }),
        });
      const stale = { ...current, token: current.token - 1n };
      const outcomes = await Promise.allSettled([
        append('plain'),
        append('stale', stale),
        append('current', current),
        append('stale too', stale),
        append('plain too'),
      ]);
      expect(
        outcomes.map((outcome) => (outcome.status === 'fulfilled' ? outcome.value.kind : outcome.reason.name)),
      ).toEqual(['appended', 'Fenced', 'appended', 'Fenced', 'appended']);
      expect(await store.readStream('t4', 'fenced-stale')).toEqual([]);
      // Nothing keeps it from being appended by whoever has the lease.
      expect(await append('stale', current)).toMatchObject({ kind: 'appended' });
    });
  });

  /** Every step that instances can take, with what the database must answer. Time passes by lapsing, so none has to be waited for. */
  it('have one holder at the most and tokens that rise, in any order of taking, renewing, lapsing and giving back', async () => {
    const step = fc.record({
      kind: fc.constantFrom('take' as const, 'renew' as const, 'release' as const, 'lapse' as const, 'guard' as const),
      instance: fc.integer({ min: 0, max: 2 }),
      tenant: fc.constantFrom('t0', 't1'),
    });
    const instances = ['a', 'b', 'c'].map((name) => uuidV5(`model ${name}`));
    let run = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 25 }), async (steps) => {
        const service = `model-${run++}`;
        // Whose each is, by which token; and what each instance believes to have.
        const truth = new Map<string, { holder: number | undefined; token: bigint; live: boolean }>();
        const believed = new Map<string, bigint>();
        for (const { kind, instance, tenant } of steps) {
          const own = instances[instance];
          const state = truth.get(tenant) ?? { holder: undefined, token: 0n, live: false };
          const token = believed.get(`${instance} ${tenant}`) ?? 0n;
          switch (kind) {
            case 'take': {
              const { rows } = await owner.query<{ token: string }>(
                'select token from cairn.take_leases($1, $2, $3, 60000)',
                [own, service, [tenant]],
              );
              const isFree = state.holder === undefined || !state.live;
              expect(rows.map((row) => BigInt(row.token))).toEqual(isFree ? [state.token + 1n] : []);
              if (!isFree) break;
              truth.set(tenant, { holder: instance, token: state.token + 1n, live: true });
              believed.set(`${instance} ${tenant}`, state.token + 1n);
              break;
            }
            case 'renew': {
              const { rows } = await owner.query<{ kept: string[] }>(
                `select kept from cairn.renew_leases($1, $2, '', '', 60000, false, $3, $4)`,
                [own, service, [tenant], [token]],
              );
              const isOwn = state.holder === instance && state.token === token;
              expect(rows[0]!.kept).toEqual(isOwn ? [tenant] : []);
              if (isOwn) truth.set(tenant, { ...state, live: true });
              break;
            }
            case 'release':
              await owner.query('select cairn.release_leases($1, $2, $3, $4)', [own, service, [tenant], [token]]);
              if (state.holder === instance && state.token === token) {
                truth.set(tenant, { ...state, holder: undefined });
              }
              break;
            case 'lapse':
              await owner.query(`update cairn.lease set expires_at = '-infinity' where service = $1 and tenant = $2`, [
                service,
                tenant,
              ]);
              truth.set(tenant, { ...state, live: false });
              break;
            case 'guard': {
              const { rows } = await owner.query<{ current: boolean }>(
                'select cairn.guard_lease($1, $2, $3) as current',
                [tenant, service, token],
              );
              expect(rows[0]!.current).toBe(token > 0n && state.token === token);
              break;
            }
            default:
              kind satisfies never;
          }
        }
      }),
      { numRuns: rounds({ ci: 40, night: 1_000 }) },
    );
  }, 60_000);
});
