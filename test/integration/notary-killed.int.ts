import { type ChildProcess, spawn } from 'node:child_process';
import fs from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { Database, PostgresEventStore, ProofStore } from '@cairn/platform';
import { prepareKeyRing } from '@cairn/platform/signing';
import fc from 'fast-check';
import { signingKeysOf } from '../../apps/projector/src/notary/signing-keys.js';
import { until } from '../support/projection-kit.js';
import { rounds } from '../support/rounds.js';
import { expectSigned, recordTrials } from '../support/signed-log.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

const MAIN = path.resolve(import.meta.dirname, '../../apps/projector/dist/main.js');

describe('a notary whose process is killed', () => {
  let folder: string;
  let ring: string;
  let database: TestDatabase;
  let store: PostgresEventStore;
  let connections: Database;
  let proofs: ProofStore;
  const children: ChildProcess[] = [];

  beforeAll(async () => {
    folder = await fs.mkdtemp(path.join(os.tmpdir(), 'cairn-keys-'));
    ring = path.join(folder, 'signing-keys.json');
    await prepareKeyRing(ring, new Date());
    database = await createTestDatabase();
    const role = 'cairn_projector' as const;
    store = new PostgresEventStore({ url: database.url, role, applicationName: 'test' });
    connections = new Database({ url: database.url, role, applicationName: 'test' });
    proofs = new ProofStore(connections);
  });

  afterAll(async () => {
    await Promise.all(children.map(kill));
    await store.close();
    await connections.close();
    await database.drop();
    await fs.rm(folder, { recursive: true });
  });

  const start = (): ChildProcess => {
    const child = spawn(process.execPath, [MAIN], {
      stdio: 'ignore',
      env: { DATABASE_URL: database.url, PROJECTOR_PORT: '0', LOG_LEVEL: 'silent', CAIRN_SIGNING_KEYS: ring },
    });
    children.push(child);
    return child;
  };

  it('has signed everything once at the end, however often and wherever it was killed, one or two at a time', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 300, max: 2_500 }), fc.boolean(), async (moment, isTwice) => {
        const running = [start(), ...(isTwice ? [start()] : [])];
        const recorded = recordTrials(store, 'a', { count: 1_500, trials: ['enrich', 'other'], size: 40 });
        await new Promise((resolve) => setTimeout(resolve, moment));
        await Promise.all(running.map(kill));
        await recorded;
      }),
      { numRuns: rounds({ ci: 4, night: 60 }), endOnFailure: true },
    );
    start();
    const head = await store.head('a');
    await until(
      () => proofs.notary('a'),
      ({ position }) => position >= head,
      30_000,
    );
    const { verifiers } = signingKeysOf(JSON.parse(await fs.readFile(ring, 'utf8')));
    await expectSigned({ store, proofs }, 'a', verifiers);
    expect(await proofs.notary('a')).toMatchObject({ halted: undefined });
  }, 120_000);
});

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await gone;
}
