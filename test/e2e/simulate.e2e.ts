import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { simulateTrial, SimulationPlan, tallyOf } from '@cairn/simulation';
import { cairnAs, readImportOutput } from '../support/cairn-command.js';
import { runApi, type RunningApi } from '../support/running-api.js';

const directory = mkdtempSync(path.join(tmpdir(), 'cairn-simulate-'));
let running: RunningApi;
let cairn: ReturnType<typeof cairnAs>;
beforeAll(async () => {
  running = await runApi();
  cairn = cairnAs(running);
}, 60_000);
afterAll(async () => {
  await running.close();
  rmSync(directory, { recursive: true });
});

const given = {
  trial: 'written',
  seed: 9,
  timeZone: 'Europe/Lisbon',
  strata: ['psychotic', 'other'],
  sites: [
    { site: 'N1', participants: 24, engagement: 0.8 },
    { site: 'N2', participants: 20, engagement: 0.3, unknownWorkers: 0.4, untrained: 0.5, fidelity: 8.2 },
    { site: 'N3', participants: 0, fidelity: null, supervision: { gaps: [{ fromDay: 20, days: 40 }] } },
  ],
};
const plan = path.join(directory, 'plan.json');
writeFileSync(plan, JSON.stringify(given));
const tally = tallyOf(simulateTrial(SimulationPlan.parse(given)));

/** The table of engagement as the product has it, in the words of the tally. */
async function table(trial: string) {
  const { out } = await cairn('report', 'engagement', '--trial', trial, '--format', 'json');
  const { sites } = JSON.parse(out) as {
    sites: { site: { id: string }; fidelity: number | null; counts: Record<string, number> }[];
  };
  return sites.map(({ site, fidelity, counts: { randomised, offered, withData, engaged } }) => ({
    site: site.id,
    randomised,
    offered,
    withData,
    engaged,
    fidelity,
  }));
}

const made = tally.map(({ contacts: _, groupSupervisions: _sessions, ...counts }) => counts);

test('what is written imports without a problem, and the tables are what was made', async () => {
  const bundle = path.join(directory, 'bundle');
  expect((await cairn('simulate', '--plan', plan, '--out', bundle)).exitCode).toBe(0);
  const imported = await cairn('import', bundle, '--strict', '--format', 'json');
  const { problems, summary } = readImportOutput(imported.out);
  expect(problems).toEqual([]);
  expect(imported.exitCode).toBe(0);
  expect(summary).toMatchObject({ accepted: summary.rows, refused: 0 });
  expect(await table('written')).toEqual(made);
  // Neither all nor nothing, or the table would say little.
  expect(made[0]!.engaged).toBeGreaterThan(made[1]!.engaged);
  expect(made[1]!.withData).toBeLessThan(made[1]!.offered);
});

test('what is loaded command by command makes the same tables, and again nothing', async () => {
  const args = ['simulate', '--plan', plan, '--trial', 'loaded', '--load', running.url, '--rate', '5000'];
  const first = await cairn(...args);
  expect(first.out).toMatch(/^Loaded: [\d,]+ commands accepted, 0 unchanged, 0 refused; /);
  expect(first.exitCode).toBe(0);
  const position = /log position (\d+)/.exec(first.out)![1];
  await running.graphql('query($position: Position) { trial(id: "loaded", minPosition: $position) { id } }', {
    position,
  });
  expect(await table('loaded')).toEqual(made);
  const again = await cairn(...args);
  expect(again.out).toMatch(/^Loaded: 0 commands accepted, [\d,]+ unchanged, 0 refused; /);
});

test('a load in which commands are refused says which, and ends with 1', async () => {
  const other = path.join(directory, 'other.json');
  const sites = given.sites.map((site) => ({ ...site, participants: 0 }));
  writeFileSync(other, JSON.stringify({ ...given, sites, timeZone: 'Europe/Rome' }));
  const { exitCode, out } = await cairn('simulate', '--plan', other, '--trial', 'loaded', '--load', running.url);
  expect(exitCode).toBe(1);
  expect(out).toMatch(/^refused: TRIAL_[A-Z_]+ 1$/m);
});
