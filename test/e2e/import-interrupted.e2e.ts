import { type ChildProcess, spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { deliveryEventTypes } from '@cairn/delivery/events';
import { registryEventTypes } from '@cairn/registry';
import fc from 'fast-check';
import { type ImportSummary, readImportOutput } from '../support/cairn-command.js';
import { eventually, freePort, LaunchedCairn, repository } from '../support/launched-cairn.js';
import { rounds } from '../support/rounds.js';

/*
 * Imports that are interrupted anywhere, by the end of the client or of the server, and are then simply given again: the log
 * ends up as after one import without interruption.
 */

const BUNDLE = path.join(repository, 'infra/demo/enrich');

let folder: string;
let running: LaunchedCairn;
beforeAll(async () => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'cairn-interrupted-'));
  fs.chmodSync(folder, 0o755);
  const [port, projectorPort, alerterPort] = [await freePort(), await freePort(), await freePort()];
  const launch = { dataDir: path.join(folder, 'data'), port, projectorPort, alerterPort };
  running = new LaunchedCairn(launch);
  await running.ready();
}, 60_000);
afterAll(async () => {
  await running.kill();
  fs.rmSync(folder, { recursive: true, force: true });
});

function importing(tenant: string): {
  readonly child: ChildProcess;
  readonly ended: Promise<{ code: number | null; out: string; err: string }>;
} {
  const cli = path.join(repository, 'apps/cli/dist/main.js');
  const options = ['import', BUNDLE, '--tenant', tenant, '--url', running.url, '--format', 'json'];
  const env = { ...process.env, CAIRN_DATA_DIR: running.launch.dataDir };
  const child = spawn(process.execPath, [cli, ...options], { stdio: ['ignore', 'pipe', 'pipe'], env });
  let out = '';
  let err = '';
  child.stdout.on('data', (text) => (out += String(text)));
  child.stderr.on('data', (text) => (err += String(text)));
  const ended = new Promise<{ code: number | null; out: string; err: string }>((resolve) =>
    child.once('close', (code) => resolve({ code, out, err })),
  );
  return { child, ended };
}

async function whole(tenant: string): Promise<ImportSummary> {
  const { code, out, err } = await importing(tenant).ended;
  if (code !== 0) throw new Error(`the import ended with ${code}: ${out}${err}`);
  return readImportOutput(out).summary;
}

/** One for each tenant: its first use is an event, of which there are to be no more than are counted on. */
const tokens = new Map<string, Promise<string>>();

async function ask(tenant: string, query: string): Promise<Record<string, unknown> | undefined> {
  const token = tokens.get(tenant) ?? running.tokenOf(tenant);
  tokens.set(tenant, token);
  try {
    return (await running.graphql(await token, query)).data ?? undefined;
  } catch {
    // The server is being killed and started again.
    return undefined;
  }
}

/** How many events the tenant's log has; undefined where nobody may ask, or nobody answers. */
async function head(tenant: string): Promise<number | undefined> {
  const data = await ask(tenant, '{ readModels { head } }');
  return data && Number((data['readModels'] as { head: string }[])[0]!.head);
}

/** What an import records; what rules find in it meanwhile, the alerter records beside it. */
const imported = JSON.stringify([...deliveryEventTypes, ...registryEventTypes].map(({ type }) => type));

/** What the trial came to: every number, and how many events are behind them. */
const outcome = (tenant: string) =>
  ask(
    tenant,
    `{ trial(id: "enrich") {
        history(first: 1, filter: { types: ${imported} }) { totalCount }
        engagement { sites { site { id } counts { randomised offered withData engaged notEngaged } fidelity } } } }`,
  );

test('an import that was interrupted anywhere is completed by the next one, without anything twice', async () => {
  const reference = await whole('reference');
  const total = reference.eventsAdded;
  expect(await outcome('reference')).toMatchObject({ trial: { history: { totalCount: total } } });

  let interrupted = 0;
  let round = 0;
  const interruption = fc.record({
    victim: fc.constantFrom('client', 'server'),
    at: fc.double({ min: 0, max: 0.9, noNaN: true }),
  });
  const completes = fc.asyncProperty(fc.array(interruption, { minLength: 2, maxLength: 2 }), async (interruptions) => {
    const tenant = `round-${round++}`;
    for (const { victim, at } of interruptions) {
      const { child, ended } = importing(tenant);
      const from = (await head(tenant)) ?? 0;
      const threshold = from + Math.floor(at * (total - from));
      await eventually(
        'the import has come so far',
        async () => child.exitCode !== null || ((await head(tenant)) ?? 0) >= threshold,
      );
      const api = running.services.at(-1)!;
      if (victim === 'client') child.kill('SIGKILL');
      else process.kill(api, 'SIGKILL');
      const { code, err } = await ended;
      if (victim === 'server') {
        await eventually(
          'the server is back',
          async () =>
            running.services.at(-1) !== api &&
            (await fetch(`${running.url}/health`).catch(() => undefined))?.ok === true,
        );
        if (code !== 0)
          expect({ code, err }).toEqual({
            code: 3,
            err: expect.stringMatching(/again is safe|cannot be reached/) as string,
          });
      }
      if (code !== 0) interrupted++;
    }
    const completed = await whole(tenant);
    expect(completed).toMatchObject({ rows: reference.rows, refused: 0 });
    expect(await whole(tenant)).toMatchObject({ accepted: 0, unchanged: reference.rows, eventsAdded: 0 });
    expect(await outcome(tenant)).toEqual(await outcome('reference'));
  });
  await fc.assert(completes, { numRuns: rounds({ ci: 2, night: 30 }), endOnFailure: true });
  expect(interrupted).toBeGreaterThan(0);
}, 600_000);
