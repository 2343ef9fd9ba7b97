import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { prepareKeyRing } from '@cairn/platform/signing';
import { cairnAs } from '../support/cairn-command.js';
import { runApi, type RunningApi, type SignedIn } from '../support/running-api.js';
import { runNotary, type RunningNotary } from '../support/running-notary.js';

const enrich = join(import.meta.dirname, '../../infra/demo/enrich');
const folder = fs.mkdtempSync(join(tmpdir(), 'cairn-round-trip-'));
const keyRing = join(folder, 'signing-keys.json');
let running: RunningApi;
let notary: RunningNotary;

beforeAll(async () => {
  await prepareKeyRing(keyRing, new Date());
  running = await runApi({ CAIRN_SIGNING_KEYS: keyRing });
  notary = await runNotary(running.databaseUrl, keyRing);
});
afterAll(async () => {
  await notary.stop();
  await running.close();
  fs.rmSync(folder, { recursive: true });
});

const TABLES = `query ($trial: ID!) {
  trial(id: $trial) {
    engagement(asOf: "2018-06-01T00:00:00Z") { sites { site { id } counts { randomised offered withData engaged notYet notEngaged } } overall { engaged } }
    dataCut(id: "look") { id hash size tables { table sha256 text } }
  }
}`;

interface Manifest {
  readonly size: number;
  readonly root: string;
}
const manifestOf = (directory: string): Manifest =>
  JSON.parse(fs.readFileSync(join(directory, 'manifest.json'), 'utf8')) as Manifest;

/** As an operator of the tenant, and as its trial manager. */
async function people(tenant: string): Promise<{ readonly operator: SignedIn; readonly manager: SignedIn }> {
  const scopes = ['cairn:read', 'cairn:operate'];
  return {
    operator: await running.as('operator', { tenant, scopes }),
    manager: running.withToken(await running.tokenFor({ tenant, person: 'anna' }), { tenant, person: 'anna' }),
  };
}

async function letIn(somebody: SignedIn): Promise<void> {
  const { person } = somebody;
  await somebody.give('registerTenant', { name: 'Unit' });
  await somebody.give('assignRole', { assignment: 'first', person, role: 'trial_manager' });
}

const bytesOf = (directory: string): ReadonlyMap<string, string> =>
  new Map(
    fs
      .readdirSync(directory, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .map((file) => [file.slice(directory.length), fs.readFileSync(file, 'utf8')]),
  );

test('ENRICH: exported, verified, brought back elsewhere: the same tree head, the same tables', async () => {
  const cairn = cairnAs(running);
  expect((await cairn('import', enrich, '--format', 'json')).exitCode).toBe(0);
  const input = { trial: 'enrich', cut: 'look', occurredBefore: '2018-06-01T00:00:00Z', note: 'First look' };
  await running.give('takeDataCut', input);
  const whole = join(folder, 'whole');
  const upToCut = join(folder, 'cut');
  expect(await cairn('export', 'enrich', '--out', whole)).toMatchObject({ exitCode: 0 });
  expect(await cairn('export', 'enrich', '--out', upToCut, '--cut', 'look')).toMatchObject({ exitCode: 0 });
  for (const directory of [whole, upToCut]) {
    const { exitCode, out } = await cairn('verify', directory, '--recompute', '--json');
    expect({ exitCode, ...(JSON.parse(out) as object) }).toMatchObject({
      exitCode: 0,
      result: 'verified',
      recomputed: ['look'],
      root: manifestOf(directory).root,
    });
  }
  // Nothing in a bundle is of the time at which it was written.
  const again = join(folder, 'again');
  await cairn('export', 'enrich', '--out', again, '--cut', 'look');
  expect(bytesOf(again)).toEqual(bytesOf(upToCut));

  const { operator, manager } = await people('elsewhere');
  const restored = await cairnAs(operator)('import', whole);
  expect(restored).toMatchObject({ exitCode: 0, out: expect.stringContaining(manifestOf(whole).root) });
  await letIn(manager);
  const back = join(folder, 'back');
  expect(await cairnAs(manager)('export', 'enrich', '--out', back)).toMatchObject({ exitCode: 0 });
  expect(manifestOf(back)).toMatchObject({ size: manifestOf(whole).size, root: manifestOf(whole).root });
  for (const file of ['events.ndjson', 'protocol.json']) {
    expect(fs.readFileSync(join(back, file), 'utf8')).toBe(fs.readFileSync(join(whole, file), 'utf8'));
  }
  const there = await manager.graphql(TABLES, { trial: 'enrich' });
  expect(there.errors).toBeUndefined();
  const here = await running.graphql(TABLES, { trial: 'enrich' });
  expect(there.data).toEqual(here.data);
}, 120_000);
