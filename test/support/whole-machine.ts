import fs from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { makeServiceLogins, migrate, PostgresEventStore, startEmbeddedPostgres } from '@cairn/platform';
import { prepareKeyRing } from '@cairn/platform/signing';
import { type Api, startApi } from '../../apps/api/src/api.js';
import { readConfiguration } from '../../apps/api/src/configuration.js';
import { cairn } from './cairn-command.js';
import { testIssuer, type TestIssuer } from './issuer.js';
import { KilledService } from './killed-service.js';
import { eventually, freePort } from './launched-cairn.js';
import { appendPerson } from './people.js';
import { MASKING_SECRET, type SignedIn, signedIn } from './running-api.js';

export const TENANT = 'unit';

/** Files of a machine that are on no other: what a fire takes. */
interface Places {
  /** PostgreSQL's data and the key ring. */
  readonly dataDir: string;
  readonly keysDir: string;
  readonly signingKeys: string;
}

/** A PostgreSQL, and how the services reach it. */
interface MachineDatabase {
  readonly url: string;
  readonly wired?: (url: string) => string;
  stop(): Promise<void>;
}

/** A machine with everything on it: a PostgreSQL of its own, projector and alerter as processes, the api in this one. */
export class WholeMachine {
  private readonly stores: PostgresEventStore[] = [];

  private constructor(
    readonly places: Places,
    readonly postgres: MachineDatabase,
    private readonly issuer: TestIssuer,
    private readonly services: readonly KilledService[],
    private readonly startsApi: () => Promise<Api>,
    private api: Api | undefined,
  ) {}

  /** An empty folder, and the ring that logs are signed with. */
  static async places(): Promise<Places> {
    const folder = await fs.mkdtemp(path.join(os.tmpdir(), 'cairn-machine-'));
    await fs.chmod(folder, 0o755);
    const signingKeys = path.join(folder, 'signing-keys.json');
    return { dataDir: path.join(folder, 'data'), keysDir: path.join(folder, 'keys'), signingKeys };
  }

  /** @param erasuresDir the register, which is on another machine */
  static async start(
    places: Places,
    { erasuresDir, database }: { readonly erasuresDir: string; readonly database?: MachineDatabase },
  ): Promise<WholeMachine> {
    await prepareKeyRing(places.signingKeys, new Date());
    const postgres = database ?? (await startEmbeddedPostgres({ dir: places.dataDir }));
    await migrate(postgres.url);
    const logins = await makeServiceLogins(postgres.url);
    const wired = (url: string): string => database?.wired?.(url) ?? url;
    const urls = { api: wired(logins.api), projector: wired(logins.projector), alerter: wired(logins.alerter) };
    const port = await freePort();
    const issuer = await testIssuer({ url: `http://127.0.0.1:${port}/oidc` });
    const services = [
      new KilledService('projector', { DATABASE_URL: urls.projector, CAIRN_SIGNING_KEYS: places.signingKeys }),
      new KilledService('alerter', {
        DATABASE_URL: urls.alerter,
        CAIRN_WEBHOOK_SECRET: MASKING_SECRET,
        CAIRN_WEBHOOK_ALLOW_PRIVATE: 'loopback',
      }),
    ];
    for (const service of services) service.start();
    const startsApi = () =>
      startApi(
        readConfiguration({
          DATABASE_URL: urls.api,
          PORT: String(port),
          LOG_LEVEL: 'silent',
          ISSUER_FILE: issuer.file,
          CAIRN_MASKING_SECRET: MASKING_SECRET,
          CAIRN_WEBHOOK_SECRET: MASKING_SECRET,
          CAIRN_SIGNING_KEYS: places.signingKeys,
          CAIRN_KEYS_DIR: places.keysDir,
          CAIRN_ERASURES_DIR: erasuresDir,
          TENANT_QUERY_COST_PER_SECOND: '10000',
        }),
      );
    return new WholeMachine(places, postgres, issuer, services, startsApi, await startsApi());
  }

  /** Somebody with these roles, who is recorded when they are given. */
  async as(person: string, roles: Parameters<typeof appendPerson>[3] = []): Promise<SignedIn> {
    if (roles.length > 0) {
      await appendPerson(this.store(), TENANT, person, roles);
    }
    const token = await this.issuer.token({ tenant: TENANT, person, expiresInSeconds: 3_600 });
    const somebody = signedIn(this.api!.url, TENANT, person, token);
    await eventually(`${person} is known`, async () => {
      const { data } = await somebody.graphql('{ viewer { roles } }');
      const known = (data?.['viewer'] as { roles?: readonly string[] } | undefined)?.roles;
      return roles.every(({ role }) => known?.includes(role));
    });
    return somebody;
  }

  /** The log, as the tests write to it and read it, until the machine stops. */
  store(retryAfter?: readonly number[]): PostgresEventStore {
    const as = { role: 'cairn_projector' as const, applicationName: 'test', ...(retryAfter && { retryAfter }) };
    const store = new PostgresEventStore({ url: this.postgres.wired?.(this.postgres.url) ?? this.postgres.url, ...as });
    this.stores.push(store);
    return store;
  }

  /** A command of the command line on this machine. */
  cairn(...args: readonly string[]): ReturnType<typeof cairn> {
    return cairnOn(this.places, ...args);
  }

  /** Nothing goes on; the files are left. */
  async stop(): Promise<void> {
    await this.api?.close();
    this.api = undefined;
    await Promise.all(this.stores.map((store) => store.close()));
    await Promise.all(this.services.map((service) => service.kill()));
    await this.postgres.stop();
    await this.issuer.remove();
  }
}

/** A command of the command line on a machine, of which nothing need be running. */
export const cairnOn = ({ dataDir, signingKeys }: Places, ...args: readonly string[]): ReturnType<typeof cairn> =>
  cairn({ CAIRN_DATA_DIR: dataDir, CAIRN_SIGNING_KEYS: signingKeys }, ...args);

/** What was there is not any more. */
export const lose = ({ dataDir }: Places): Promise<void> =>
  fs.rm(path.dirname(dataDir), { recursive: true, force: true });
