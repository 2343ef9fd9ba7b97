import { type ChildProcess, spawn } from 'node:child_process';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { PostgresEventStore, ProjectionRunner } from '@cairn/platform';
import pg from 'pg';
import { catalogue, projections } from '../../apps/projector/src/projections.js';
import type { TestIssuer } from '../support/issuer.js';
import { eventually, freePort, repository } from '../support/launched-cairn.js';
import { createTestDatabase } from '../support/test-database.js';
import { type Appended, type EventRow, rowsOf } from './arm-flip.js';

/** Later than anything that a test records: all that the product records itself gets this time. */
const RECORDED_AT = '2040-01-01T00:00:00.000Z';

/**
 * The product on a database of its own. Its clocks stand still, both the services' and that of the log, and nothing is by
 * chance, so that two worlds are asked in the same state at the same moment; what it prints is kept.
 */
export class RunningWorld {
  private printed = '';
  private readonly ends = new Map<string, { position: number; readonly revisions: Map<string, number> }>();

  private constructor(
    readonly url: string,
    private readonly owner: pg.Client,
    private readonly child: ChildProcess,
    private readonly stop: () => Promise<void>,
  ) {
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (text) => (this.printed += String(text)));
  }

  /** @param now what the services take for the present, in epoch milliseconds */
  static async start(issuer: TestIssuer, now: number): Promise<RunningWorld> {
    const database = await createTestDatabase();
    const store = new PostgresEventStore({
      url: database.services.projector,
      role: 'cairn_projector',
      applicationName: 'world',
    });
    const runner = new ProjectionRunner({ url: database.services.projector, store, catalogue, projections });
    await runner.start();
    const owner = new pg.Client({ connectionString: database.url });
    await owner.connect();
    const port = await freePort();
    const child = spawn(
      process.execPath,
      ['--import', standstill(now), path.join(repository, 'apps/api/dist/main.js')],
      {
        env: {
          PATH: process.env['PATH'],
          DATABASE_URL: database.services.api,
          PORT: String(port),
          ISSUER_FILE: issuer.file,
          CAIRN_MASKING_SECRET: 'the same secret in both of the worlds',
          CAIRN_KEYS_DIR: path.join(path.dirname(issuer.file), `keys-${port}`),
          LOG_LEVEL: 'trace',
          // Everything there is to ask, as fast as it is answered.
          TENANT_QUERY_COST_PER_SECOND: '100000',
        },
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    );
    const exited = new Promise((resolve) => child.once('close', resolve));
    const world = new RunningWorld(`http://127.0.0.1:${port}`, owner, child, async () => {
      child.kill('SIGTERM');
      await exited;
      await runner.stop();
      await store.close();
      await owner.end();
      await database.drop();
    });
    await eventually('the api answers', async () => {
      if (child.exitCode !== null) throw new Error(`the api ended:\n${world.printed}`);
      return fetch(`${world.url}/health`).then(
        ({ ok }) => ok,
        () => false,
      );
    });
    return world;
  }

  /** Writes to a tenant's log as the owner of the database, at the times of record that are given, and waits until it is read. */
  async append(tenant: string, appends: readonly Appended[]): Promise<void> {
    const end = this.ends.get(tenant) ?? { position: 0, revisions: new Map<string, number>() };
    this.ends.set(tenant, end);
    // The product may have recorded something itself since.
    const { rows } = await this.owner.query<{ head: string }>('select head from cairn.log where tenant = $1', [tenant]);
    end.position = Math.max(end.position, Number(rows[0]?.head ?? 0));
    await this.insert(rowsOf(tenant, appends, end), tenant, end.position);
    await this.projected(tenant);
  }

  /**
   * What the api printed since this was asked last, without what is different at every start and every time.
   * @param last the name of the operation that was asked for last: what is printed comes a little later
   */
  async takePrinted(last: string): Promise<readonly string[]> {
    await eventually(`${last} is printed`, () => this.printed.includes(last));
    const lines = this.printed.split('\n').filter((line) => !line.includes('"path":"/health"'));
    this.printed = '';
    return lines.map((line) =>
      line
        .replace(/"(time|instance|pid|hostname|responseTime|ms|request)":("[^"]*"|[\d.]+),?/g, '')
        .replaceAll(this.url.slice('http://'.length), 'HOST'),
    );
  }

  close(): Promise<void> {
    return this.stop();
  }

  private async insert(rows: readonly EventRow[], tenant: string, head: number): Promise<void> {
    await this.owner.query('begin');
    await this.owner.query(
      `insert into cairn.log (tenant, head, last_recorded_at) values ($1, $2, $3)
       on conflict (tenant) do update set head = excluded.head`,
      [tenant, head, RECORDED_AT],
    );
    await this.owner.query(
      `insert into cairn.event (tenant, position, occurred_at, recorded_at, id, command_id, revision, schema_version,
         stream, type, actor, payload)
       select tenant, position, occurred_at, recorded_at, id, command_id, revision, schema_version, stream, type, actor,
         payload
       from jsonb_to_recordset($1::jsonb) as given (tenant text, position bigint, occurred_at timestamptz,
         recorded_at timestamptz, id uuid, command_id uuid, revision int, schema_version int, stream text, type text,
         actor text, payload text)`,
      [JSON.stringify(rows)],
    );
    await this.owner.query('commit');
    await this.owner.query("select pg_notify('cairn_appended', $1)", [tenant]);
  }

  /** Until every read model has read the whole log, whatever is in it. */
  async projected(tenant: string): Promise<void> {
    await eventually('the read models have read the log', async () => {
      const { rows } = await this.owner.query<{ behind: boolean }>(
        `select bool_or(c.position is distinct from l.head) as behind
         from cairn.log l cross join read_model.generation g
           left join read_model.checkpoint c
             on c.tenant = l.tenant and c.projection = g.projection and c.generation = g.generation
         where l.tenant = $1 and g.state = 'serving'`,
        [tenant],
      );
      return rows[0]?.behind === false;
    });
  }
}

/** A module that stops the clock of the process that loads it, and makes its random ids one after the other. */
const standstill = (now: number): string =>
  `data:text/javascript,${encodeURIComponent(`
    import crypto from 'node:crypto';
    import { syncBuiltinESMExports } from 'node:module';
    import { DatabaseClock } from '${pathToFileURL(path.join(repository, 'libs/platform/dist/leases/database-clock.js')).href}';
    // The database's clock goes on; without it the services take the machine's.
    DatabaseClock.prototype.measured = () => undefined;
    const Running = Date;
    globalThis.Date = class Date extends Running {
      constructor(...given) { given.length === 0 ? super(${now}) : super(...given); }
      static now() { return ${now}; }
    };
    let made = 0;
    crypto.randomUUID = () => '00000000-0000-4000-8000-' + String(++made).padStart(12, '0');
    syncBuiltinESMExports();`)}`;
