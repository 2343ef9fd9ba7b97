import { readModelsOf } from './rebuilding.js';
import { type Service, startService } from './service.js';
import { TENANT, type TrialDatabase } from './trials.js';

/** Does something with the API of the whole product, which runs on a database of trials meanwhile. */
export async function withProduct<Result>(
  database: TrialDatabase,
  work: (api: Service) => Promise<Result>,
): Promise<Result> {
  await readModelsOf(database);
  const settings = { DATABASE_URL: database.url, DEFAULT_TENANT: TENANT };
  const projector = await startService('projector', settings, '/health');
  let api: Service | undefined;
  try {
    api = await startService('api', settings, '/health');
    return await work(api);
  } finally {
    await api?.stop();
    await projector.stop();
  }
}
