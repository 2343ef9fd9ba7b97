import 'reflect-metadata';
import { randomUUID } from 'node:crypto';
import path from 'node:path';
import { PostgresEventStore, ProjectionRunner, type RunnableProjection } from '@cairn/platform';
import type { TokenRequest } from '@cairn/platform/identity';
import { type Client, createClient } from 'graphql-ws';
import { WebSocket } from 'ws';
import { type Api, startApi } from '../../apps/api/src/api.js';
import { readConfiguration } from '../../apps/api/src/configuration.js';
import { catalogue, projections } from '../../apps/projector/src/projections.js';
import { type TestIssuer, testIssuer } from './issuer.js';
import { freePort } from './launched-cairn.js';
import { appendPerson, type GivenRole } from './people.js';
import { createTestDatabase } from './test-database.js';

export interface Answer {
  readonly status: number;
  readonly data?: Record<string, unknown> | null;
  readonly errors?: readonly {
    readonly message: string;
    readonly path?: readonly (string | number)[];
    readonly extensions: { readonly code: string; readonly reason?: string };
  }[];
  readonly extensions?: { readonly sealed?: readonly { readonly path: readonly unknown[]; readonly reason: string }[] };
}

/** Somebody with a token, and what they ask of the product. */
export interface SignedIn {
  readonly tenant: string;
  readonly person: string;
  readonly token: string;
  /** Where the product is. */
  readonly url: string;
  /** Any request with the token, to a path of the product. */
  fetch(path: string, init?: RequestInit): Promise<Response>;
  graphql(query: string, variables?: object, headers?: Readonly<Record<string, string>>): Promise<Answer>;
  /** Gives a command that must be accepted. @returns its position */
  give(mutation: string, input: object): Promise<string>;
  /** A connection for subscriptions, which whoever opens it disposes of. */
  webSocket(options?: Partial<Parameters<typeof createClient>[0]>): Client;
}

/**
 * A whole product in this process: database, projections and API. Itself it asks as `tester`, administrator and trial
 * manager of the tenant `test`.
 */
export interface RunningApi extends SignedIn {
  readonly api: Api;
  readonly store: PostgresEventStore;
  readonly issuer: TestIssuer;
  /** Its database, as the server's superuser. */
  readonly databaseUrl: string;
  /** The folder of the keys for free text. */
  readonly keysDir: string;
  /** Somebody with these roles and no others: `as('anna', { roles: [{ role: 'site_coordinator', trial: 'T', site: 'S1' }] })`. */
  as(person: string, options?: AsOptions): Promise<SignedIn>;
  /** Whoever a token of one's own making names; nobody knows them. */
  withToken(token: string, as?: { readonly tenant?: string; readonly person?: string }): SignedIn;
  /** A token of the issuer, of `tester` of `test` where nothing else is said. */
  tokenFor(request?: Partial<TokenRequest>): Promise<string>;
  /** Ends the API and the projections and starts them again, on the same database. @param served projections, if others */
  restart(served?: readonly RunnableProjection[]): Promise<void>;
  close(): Promise<void>;
}

export interface AsOptions extends Partial<Pick<TokenRequest, 'scopes' | 'client' | 'expiresInSeconds'>> {
  readonly tenant?: string;
  /** None: somebody whom the tenant does not know. */
  readonly roles?: readonly GivenRole[];
}

export interface RunOptions {
  /** Whose `tester` the product is asked as. */
  readonly tenant?: string;
  /** Who can sign in with a password. */
  readonly people?: Parameters<typeof testIssuer>[0]['people'];
  readonly clients?: Parameters<typeof testIssuer>[0]['clients'];
  /** Given every line of the API's log. */
  readonly logTo?: { write(line: string): void };
}

/** By which arms are given letters in the product that the kit runs. */
export const MASKING_SECRET = 'a secret of the test kit, and of nobody else';

/** @param settings environment of the API, beside what the kit gives it */
export async function runApi(
  settings: Readonly<Record<string, string>> = {},
  { tenant = 'test', people = [], clients = [], logTo }: RunOptions = {},
): Promise<RunningApi> {
  const database = await createTestDatabase();
  const store = new PostgresEventStore({ url: database.url, role: 'cairn_projector', applicationName: 'test' });
  const project = async (served: readonly RunnableProjection[]): Promise<ProjectionRunner> => {
    const started = new ProjectionRunner({ url: database.url, store, catalogue, projections: served });
    await started.start();
    return started;
  };
  let runner = await project(projections);
  const port = await freePort();
  const issuer = await testIssuer({ url: `http://127.0.0.1:${port}/oidc`, people, clients });
  const keysDir = path.join(path.dirname(issuer.file), 'keys');
  await appendPerson(store, tenant, 'tester', [{ role: 'sponsor_administrator' }, { role: 'trial_manager' }]);
  const serve = () =>
    startApi(
      readConfiguration({
        DATABASE_URL: database.url,
        PORT: String(port),
        LOG_LEVEL: 'silent',
        ISSUER_FILE: issuer.file,
        CAIRN_MASKING_SECRET: MASKING_SECRET,
        // A test asks faster than people do.
        TENANT_QUERY_COST_PER_SECOND: '10000',
        CAIRN_KEYS_DIR: keysDir,
        ...settings,
      }),
      logTo,
    );
  let api = await serve();

  const tokenFor: RunningApi['tokenFor'] = (request) => issuer.token({ tenant, person: 'tester', ...request });
  const tester = signedIn(api.url, tenant, 'tester', await tokenFor());
  // The first use of a token is an event: it is in the log before tests look at where that ends.
  await tester.graphql('{ viewer { id } }');
  return {
    ...tester,
    get api() {
      return api;
    },
    store,
    issuer,
    databaseUrl: database.url,
    keysDir,
    tokenFor,
    withToken: (token, as) => signedIn(api.url, as?.tenant ?? tenant, as?.person ?? 'tester', token),
    as: async (person, { tenant: of = tenant, roles = [], ...request } = {}) => {
      const token = await tokenFor({ ...request, tenant: of, person });
      if (roles.length > 0) {
        await appendPerson(store, of, person, roles);
        // A token with scopes may not be one to read with.
        const reading = request.scopes ? await tokenFor({ tenant: of, person }) : token;
        await known(signedIn(api.url, of, person, reading), roles);
      }
      return signedIn(api.url, of, person, token);
    },
    restart: async (served = projections) => {
      await api.close();
      await runner.stop();
      runner = await project(served);
      api = await serve();
    },
    close: async () => {
      await api.close();
      await runner.stop();
      await store.close();
      await database.drop();
      await issuer.remove();
    },
  };
}

export function signedIn(url: string, tenant: string, person: string, token: string): SignedIn {
  const authorization = `Bearer ${token}`;
  const graphql: SignedIn['graphql'] = async (query, variables, headers) => {
    const response = await fetch(`${url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization, ...headers },
      body: JSON.stringify({ query, variables }),
    });
    return { status: response.status, ...((await response.json()) as object) };
  };
  return {
    url,
    tenant,
    person,
    token,
    graphql,
    fetch: (path, init) => {
      const headers = new Headers(init?.headers);
      if (!headers.has('authorization')) headers.set('authorization', authorization);
      return fetch(url + path, { ...init, headers });
    },
    give: async (mutation, input) => {
      const answer = await graphql(recording(mutation), { input: { commandId: randomUUID(), ...input } });
      const result = answer.data?.[mutation] as { position?: string } | undefined;
      if (!result?.position) throw new Error(`${mutation} was not accepted: ${JSON.stringify(answer)}`);
      return result.position;
    },
    webSocket: (options) =>
      createClient({
        url: `${url.replace('http', 'ws')}/graphql`,
        webSocketImpl: WebSocket,
        retryAttempts: 0,
        connectionParams: { authorization },
        ...options,
      }),
  };
}

/** Roles that were written past the API are known to it within a second. */
async function known(somebody: SignedIn, given: readonly GivenRole[]): Promise<void> {
  const expected = [...new Set(given.map(({ role }) => role))].sort();
  const deadline = performance.now() + 10_000;
  for (;;) {
    const { data } = await somebody.graphql('{ viewer { roles } }');
    const { roles } = (data?.['viewer'] ?? {}) as { roles?: readonly string[] };
    if (expected.every((role) => roles?.includes(role))) return;
    if (performance.now() > deadline) throw new Error(`${somebody.person} still has the roles ${roles?.join(', ')}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** The document of a mutation, by the name that its input type has. */
export const recording = (mutation: string): string => `
  mutation ($input: ${inputType(mutation)}!) {
    ${mutation}(input: $input) {
      __typename
      ... on CommandAccepted { position events { id position type data } }
      ... on CommandRefused { code message field }
    }
  }`;

const inputType = (mutation: string): string =>
  mutation === 'recordWardContact' || mutation === 'recordCommunityMeeting'
    ? 'RecordContactInput'
    : `${mutation[0]!.toUpperCase()}${mutation.slice(1)}Input`;

/** A protocol with two arms and a window of four months. */
export const protocol = {
  arms: [
    { id: 'support', intervention: true },
    { id: 'usual', intervention: false },
  ],
  strata: ['psychotic', 'other'],
  interventionWindow: { monthsAfterDischarge: 4 },
  fidelity: { instrument: 'index', minimum: 3, maximum: 12 },
};

type Giving = Pick<SignedIn, 'give'>;

/** Registers a trial with these sites, each with a peer worker `<site>-W`. */
export async function setUpTrial(running: Giving, trial: string, sites: readonly string[] = ['S1']): Promise<void> {
  await running.give('registerTrial', { trial, title: `Trial ${trial}`, timeZone: 'Europe/London', protocol });
  for (const site of sites) {
    await running.give('registerSite', {
      trial,
      site,
      name: `Site ${site}`,
      employerKind: 'NHS',
      employerName: 'Trust',
      hostOrganisation: 'Trust',
      locality: ['URBAN'],
    });
    await running.give('registerWorker', { trial, worker: `${site}-W`, site, role: 'PEER_WORKER' });
  }
}

/** Refers, randomises to peer support and allocates the site's worker. @returns the last position */
export async function offerSupport(running: Giving, trial: string, site: string, participant: string): Promise<string> {
  const about = { trial, participant };
  await running.give('referParticipant', { ...about, site, occurredAt: '2020-01-01T09:00:00Z' });
  await running.give('recordRandomisation', { ...about, arm: 'support', occurredAt: '2020-01-02T09:00:00Z' });
  return running.give('allocateWorker', { ...about, worker: `${site}-W`, occurredAt: '2020-01-03T09:00:00Z' });
}
