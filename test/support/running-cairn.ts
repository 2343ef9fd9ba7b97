import { PostgresEventStore, ProjectionRunner } from '@cairn/platform';
import { startApi } from '../../apps/api/src/api.js';
import { readConfiguration as apiConfiguration } from '../../apps/api/src/configuration.js';
import { catalogue, projections } from '../../apps/projector/src/projections.js';
import { createTestDatabase } from './test-database.js';

/** The api and the projections of a database of their own, in this process, over real HTTP. */
export interface RunningCairn {
  readonly url: string;
  /** The log itself, to see what was written. */
  readonly store: PostgresEventStore;
  stop(): Promise<void>;
}

export async function startCairn(): Promise<RunningCairn> {
  const database = await createTestDatabase();
  const projectorStore = new PostgresEventStore({
    url: database.url,
    role: 'cairn_projector',
    applicationName: 'test projector',
  });
  const runner = new ProjectionRunner({ url: database.url, store: projectorStore, catalogue, projections });
  const store = new PostgresEventStore({ url: database.url, applicationName: 'test' });
  await runner.start();
  const settings = { DATABASE_URL: database.url, PORT: '0', LOG_LEVEL: 'silent' };
  const api = await startApi(apiConfiguration(settings));
  return {
    url: api.url,
    store,
    stop: async () => {
      await api.close();
      await runner.stop();
      await Promise.all([projectorStore.close(), store.close()]);
      await database.drop();
    },
  };
}
