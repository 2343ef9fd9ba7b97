import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { deliveryEventTypes } from '@cairn/delivery';
import { EventCatalogue } from '@cairn/event-sourcing';
import { historyOf, simulateTrial, variedPlan } from '@cairn/simulation';
import { readBundle } from '../bundle/read-bundle.js';
import { readTrialFile } from '../bundle/trial-file.js';
import { runCommand as cairn } from '../spec-command.js';
import { commandOf } from './simulated-commands.js';

const directory = mkdtempSync(path.join(tmpdir(), 'cairn-simulate-'));
afterAll(() => rmSync(directory, { recursive: true }));

const inDirectory = (name: string, content?: object): string => {
  const file = path.join(directory, name);
  if (content) writeFileSync(file, JSON.stringify(content));
  return file;
};

describe('cairn simulate --out', () => {
  const plan = inDirectory('plan.json', {
    trial: 'autumn',
    timeZone: 'America/Sao_Paulo',
    startsOn: '2017-06-01',
    strata: ['a, b', 'c'],
    window: { weeksAfterDischarge: 12 },
    sites: [
      { site: 'N 1', participants: 30, peerWorkers: 3 },
      { site: 'N2', participants: 20, untrained: 1, withdrawals: 0.5, fidelity: null },
    ],
  });

  it('writes a bundle in which the reader finds nothing wrong, and says how many rows', async () => {
    const out = inDirectory('bundle');
    const { exitCode, out: told } = await cairn('simulate', '--plan', plan, '--out', out);
    expect(exitCode).toBe(0);
    const reading = await readTrialFile(out);
    expect(reading.kind).toBe('read');
    if (reading.kind !== 'read') return;
    expect(reading.trial).toMatchObject({ id: 'autumn', timeZone: 'America/Sao_Paulo' });
    const rows = new Map<string, number>();
    for await (const page of readBundle(out, 'tenant', reading.trial)) {
      expect(page.problems).toEqual([]);
      rows.set(page.file, (rows.get(page.file) ?? 0) + page.records.length);
    }
    expect(rows.get('participants.csv')).toBe(50);
    for (const [file, count] of rows)
      if (file !== 'trial.json') expect(told).toMatch(new RegExp(`^${file} +${count}$`, 'm'));
  });

  it('writes the same bytes for the same plan and seed, and others for another seed', async () => {
    const bytes = async (name: string, ...more: string[]): Promise<string[]> => {
      const out = inDirectory(name);
      expect((await cairn('simulate', '--sites', '3', '--participants', '40', '--out', out, ...more)).exitCode).toBe(0);
      return readdirSync(out).map((file) => readFileSync(path.join(out, file), 'utf8'));
    };
    const first = await bytes('first', '--seed', '5');
    expect(await bytes('second', '--seed', '5')).toEqual(first);
    expect(await bytes('third', '--seed', '6')).not.toEqual(first);
  });

  it.each([
    ['no size', [], 'give --plan, or --sites'],
    ['half a size', ['--sites', '3'], '--sites and --participants go together'],
    ['a plan that is not there', ['--plan', 'nowhere.json'], 'cannot be read: ENOENT'],
    ['a size beside a plan', ['--plan', plan, '--sites', '3'], 'give --plan, or --sites'],
    ['a folder with something in it', ['--plan', plan, '--out', directory], 'is not empty'],
    ['two places', ['--plan', plan, '--load'], 'give --out or --load'],
    ['a rate without a load', ['--plan', plan, '--rate', '5'], '--rate is for --load'],
    ['a rate of nothing', ['--plan', plan, '--rate', '0'], 'not a whole number'],
  ])('has no use for %s', async (_, args, why) => {
    const out = args.includes('--out') ? [] : ['--out', inDirectory('nothing')];
    const { exitCode, err } = await cairn('simulate', ...args, ...out);
    expect(exitCode).toBe(2);
    expect(err).toContain(why);
  });

  it('tells everything that is wrong with a plan', async () => {
    const faulty = inDirectory('faulty.json', { seed: 0.5, sites: [{ site: 'A', participants: 1, engagement: 70 }] });
    const { exitCode, err } = await cairn('simulate', '--plan', faulty, '--out', inDirectory('nothing'));
    expect(exitCode).toBe(2);
    expect(err).toMatch(/PLAN_VALUE seed: .*\n.*PLAN_VALUE sites\.0\.engagement: /);
  });
});

describe('what is simulated', () => {
  it('has the shapes of the events that it stands for', () => {
    const catalogue = new EventCatalogue([...deliveryEventTypes]);
    const types = new Set<string>();
    for (const record of historyOf(simulateTrial(variedPlan({ sites: 3, participants: 60, seed: 1 })))) {
      expect(() => catalogue.encode(record as never)).not.toThrow();
      expect(commandOf(record).name).toBeDefined();
      types.add(record.type);
    }
    expect(types.size).toBe(13);
  });
});
