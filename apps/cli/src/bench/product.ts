import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { accessEventTypes, peopleStream } from '@cairn/access';
import { EventCatalogue, type TenantId, uuidV5 } from '@cairn/event-sourcing';
import { makeServiceLogins, PostgresEventStore } from '@cairn/platform';
import { mintToken, prepareIssuerFile } from '@cairn/platform/identity';
import { prepareKeyRing } from '@cairn/platform/signing';
import { type Service, startService } from './service.js';
import { openSigning } from './signing.js';
import { TENANT } from './trials.js';

/** The API of a product that runs. */
export interface Product {
  readonly port: number;
  /** A token of somebody who is trial manager of all trials of the tenant; it outlasts every section. */
  readonly tokenOf: (tenant: TenantId) => Promise<string>;
  /** How long the notary took to sign what the large log had before, in milliseconds; next to nothing when it was signed. */
  readonly signedIn: number;
  /** What the API has resident now, in bytes; 0 where the system does not tell. */
  memory(): Promise<number>;
  readonly services: { readonly api: Service; readonly projector: Service };
}

/** For a tenant that has the product to itself: how fast it answers is what is measured, not how fairly. */
export const ONE_TENANT = { TENANT_QUERY_COST_PER_SECOND: '1000000' };

const MANAGER = 'bench';
const A_DAY_IN_SECONDS = 86_400;

/**
 * Does something with the API of the whole product, which runs on the database meanwhile. A log that a bench made at one go
 * is signed first: in a product that has been running all along it would have been.
 * @param settings of the services, where they are not their own; with CAIRN_PROOFS off nothing is signed
 */
export async function withProduct<Result>(
  url: string,
  work: (product: Product) => Promise<Result>,
  settings: Readonly<Record<string, string>> = {},
): Promise<Result> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'cairn-bench-issuer-'));
  const closing = [() => rm(folder, { recursive: true })];
  try {
    const issuerFile = path.join(folder, 'issuer.json');
    // Nobody signs in there, so it does not matter that nothing is at its address.
    const { file } = await prepareIssuerFile(issuerFile, { url: 'http://127.0.0.1/oidc', people: [], clients: [] });
    // As the services of `npm start`: what their logins may not do is part of what is measured.
    const logins = await makeServiceLogins(url);
    const signingKeys = path.join(folder, 'signing-keys.json');
    await prepareKeyRing(signingKeys, new Date());
    const signing = { DATABASE_URL: logins.projector, CAIRN_SIGNING_KEYS: signingKeys };
    const projector = await startService('projector', { ...signing, ...settings }, '/health');
    closing.push(() => projector.stop());
    const signedIn = settings['CAIRN_PROOFS'] === 'off' ? 0 : await untilSigned(url);
    const environment = {
      DATABASE_URL: logins.api,
      ISSUER_FILE: issuerFile,
      CAIRN_KEYS_DIR: path.join(folder, 'keys'),
      CAIRN_MASKING_SECRET: 'no closed report is made in a bench',
      ...settings,
    };
    const api = await startService('api', environment, '/health');
    closing.push(() => api.stop());
    return await work({
      port: api.port,
      signedIn,
      services: { api, projector },
      memory: async () => (await api.memory()) ?? 0,
      tokenOf: async (tenant) => {
        await makeManager(url, tenant);
        return mintToken(file, { person: MANAGER, tenant, expiresInSeconds: A_DAY_IN_SECONDS });
      },
    });
  } finally {
    for (const close of closing.reverse()) await close();
  }
}

async function untilSigned(url: string): Promise<number> {
  const signing = openSigning(url);
  try {
    const began = performance.now();
    await signing.caughtUp(TENANT);
    return performance.now() - began;
  } finally {
    await signing.close();
  }
}

const people = new EventCatalogue(accessEventTypes);

/** Past the API, where nobody is yet who could; once, however often it is asked for. */
async function makeManager(url: string, tenant: TenantId): Promise<void> {
  const store = new PostgresEventStore({ url, applicationName: 'cairn bench' });
  const role = { assignment: MANAGER, person: MANAGER, role: 'trial_manager' } as const;
  try {
    await store.append(tenant, {
      stream: peopleStream,
      expected: 'any',
      commandId: uuidV5(`${MANAGER} ${tenant}`),
      events: [
        people.encode({ type: 'PersonRegistered', occurredAt: 0, data: { person: MANAGER, name: 'Bench' } }),
        people.encode({ type: 'RoleAssigned', occurredAt: 0, data: role }),
      ],
      actor: MANAGER,
    });
  } finally {
    await store.close();
  }
}
