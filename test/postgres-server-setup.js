import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { startEmbeddedPostgres } from '@cairn/platform';

/** One embedded PostgreSQL for all test files of a run; TEST_DATABASE_URL names another server instead. */
export default async function () {
  if (process.env.TEST_DATABASE_URL) return;
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'cairn-test-'));
  fs.chmodSync(dir, 0o755);
  const server = await startEmbeddedPostgres({
    dir,
    settings: { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off', max_connections: '200' },
  });
  process.env.TEST_DATABASE_URL = server.url;
  globalThis.testPostgres = { server, dir };
}
