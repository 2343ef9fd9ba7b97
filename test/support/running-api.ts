import 'reflect-metadata';
import { randomUUID } from 'node:crypto';
import { PostgresEventStore, ProjectionRunner } from '@cairn/platform';
import { type Api, startApi } from '../../apps/api/src/api.js';
import { readConfiguration } from '../../apps/api/src/configuration.js';
import { catalogue, projections } from '../../apps/projector/src/projections.js';
import { createTestDatabase } from './test-database.js';

export interface Answer {
  readonly status: number;
  readonly data?: Record<string, unknown> | null;
  readonly errors?: readonly { readonly message: string; readonly extensions: { readonly code: string } }[];
}

/** A whole product in this process: database, projections and API. */
export interface RunningApi {
  readonly api: Api;
  readonly store: PostgresEventStore;
  graphql(query: string, variables?: object, headers?: Readonly<Record<string, string>>): Promise<Answer>;
  /** Gives a command that must be accepted. @returns its position */
  give(mutation: string, input: object): Promise<string>;
  close(): Promise<void>;
}

export async function runApi(settings: Readonly<Record<string, string>> = {}): Promise<RunningApi> {
  const database = await createTestDatabase();
  const store = new PostgresEventStore({ url: database.url, role: 'cairn_projector', applicationName: 'test' });
  const runner = new ProjectionRunner({ url: database.url, store, catalogue, projections });
  await runner.start();
  const api = await startApi(
    readConfiguration({
      DATABASE_URL: database.url,
      PORT: '0',
      LOG_LEVEL: 'silent',
      DEFAULT_TENANT: 'test',
      ...settings,
    }),
  );

  const graphql: RunningApi['graphql'] = async (query, variables, headers) => {
    const response = await fetch(`${api.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify({ query, variables }),
    });
    return { status: response.status, ...((await response.json()) as object) };
  };

  return {
    api,
    store,
    graphql,
    give: async (mutation, input) => {
      const answer = await graphql(recording(mutation), { input: { commandId: randomUUID(), ...input } });
      const result = answer.data?.[mutation] as { position?: string } | undefined;
      if (!result?.position) throw new Error(`${mutation} was not accepted: ${JSON.stringify(answer)}`);
      return result.position;
    },
    close: async () => {
      await api.close();
      await runner.stop();
      await store.close();
      await database.drop();
    },
  };
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

/** Registers a trial with these sites, each with a peer worker `<site>-W`. */
export async function setUpTrial(running: RunningApi, trial: string, sites: readonly string[] = ['S1']): Promise<void> {
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
export async function offerSupport(
  running: RunningApi,
  trial: string,
  site: string,
  participant: string,
): Promise<string> {
  const about = { trial, participant };
  await running.give('referParticipant', { ...about, site, occurredAt: '2020-01-01T09:00:00Z' });
  await running.give('recordRandomisation', { ...about, arm: 'support', occurredAt: '2020-01-02T09:00:00Z' });
  return running.give('allocateWorker', { ...about, worker: `${site}-W`, occurredAt: '2020-01-03T09:00:00Z' });
}
