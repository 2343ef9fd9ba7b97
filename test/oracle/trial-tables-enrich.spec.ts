import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { canonicalJson } from '@cairn/event-sourcing';
import { participantFlow, trialDiff, type TrialTable, trialTables } from '@cairn/monitoring';
import { bundleLog } from './bundle-events.js';

const bundle = join(import.meta.dirname, '../../infra/demo/enrich');

/** Table 2 of the case study: randomised, offered, with data, engaged. */
const published = {
  S1: [181, 93, 89, 61],
  S2: [158, 78, 76, 39],
  S3: [69, 34, 34, 27],
  S4: [71, 33, 17, 8],
  S5: [41, 21, 20, 16],
  S6: [39, 21, 20, 6],
  S7: [27, 11, 9, 6],
  all: [586, 291, 265, 163],
} as const;

describe('the tables of the ENRICH trial', () => {
  const log = bundleLog(bundle);
  const tables = trialTables({ ...log, occurredBefore: Date.parse('2026-01-01T00:00:00Z') });
  const table = (name: string): TrialTable => tables.find((each) => each.table === name)!;
  const rows = (name: string) => table(name).rows.filter((row) => row['definition'] === 'table');

  it('have the published numbers', () => {
    expect(
      Object.fromEntries(
        rows('offered').map((row) => [
          row['site'],
          [row['randomised'], row['offered'], row['with_data'], row['engaged']],
        ]),
      ),
    ).toEqual(published);
    expect(
      Object.fromEntries(rows('engagement').map((row) => [row['site'], [row['with_data'], row['engaged']]])),
    ).toEqual(
      Object.fromEntries(Object.entries(published).map(([site, [, , data, engaged]]) => [site, [data, engaged]])),
    );
    for (const row of rows('offered')) {
      const [, offered, withData, engaged] = published[row['site'] as 'all'];
      expect(row).toMatchObject({
        of_with_data: engaged / withData,
        of_offered: engaged / offered,
        lower: engaged / offered,
        upper: (engaged + offered - withData) / offered,
      });
    }
  });

  it('have the published association', () => {
    const all = rows('association').find((row) => row['site'] === 'all')!;
    expect(all['pearson']).toBeCloseTo(0.8162479430728106, 12);
    expect(all['spearman']).toBeCloseTo(0.7142857142857143, 12);
    expect(all['slope']).toBeCloseTo(12.339135030099987, 10);
    const s2 = rows('association').find((row) => row['site'] === 'S2')!;
    expect(s2['residual']).toBeCloseTo(-5.703527891225428, 9);
    expect(s2['class']).toBe('outlier');
  });

  it('have a participant flow of everybody who was randomised', () => {
    expect(participantFlow(table('flow'))!.children.find(({ id }) => id === 'randomised')!.count).toBe(586);
  });

  it('leave nothing undefined and no number infinite', () => {
    for (const { columns, rows: all } of tables) {
      const names = columns.map(({ name }) => name).join();
      expect(all.filter((row) => Object.keys(row).join() !== names)).toEqual([]);
      // What JSON has no word for would come back as another value.
      expect(JSON.parse(canonicalJson(all))).toEqual(all);
    }
  });

  it('are in the order of their keys, which name each row once', () => {
    for (const { key, rows: all } of tables) {
      const keys = all.map((row) => key.map((name) => String(row[name])).join('\n'));
      expect(keys).toEqual([...new Set(keys)].sort());
    }
  });

  it('are open only where no arm can be told', () => {
    const open = tables.filter(({ audience }) => audience === 'open').map((each) => each.table);
    expect(open).toEqual(['association', 'currency', 'engagement', 'fidelity', 'flow', 'supervision', 'training']);
    const inArms = new Set(table('arms').rows.map((row) => row['randomised']));
    expect([...inArms].sort()).toEqual([291, 295]);
    const told = open.flatMap((name) =>
      table(name).rows.flatMap((row) =>
        Object.entries(row).flatMap(([column, value]) => (inArms.has(value) ? [`${name} ${column}`] : [])),
      ),
    );
    expect(told).toEqual([]);
  });

  it('of two cuts 300 events apart differ by what is told within 3 s', () => {
    const at = (index: number) => {
      const { position, recordedAt } = log.events[index]!;
      return { position, occurredBefore: recordedAt };
    };
    const started = process.cpuUsage();
    const changes = trialDiff({ ...log, from: at(3_000), to: at(3_300) });
    const { user, system } = process.cpuUsage(started);
    expect(changes.length).toBeGreaterThan(500);
    expect((user + system) / 1_000).toBeLessThan(3_000);
    for (const { causes } of changes) expect(causes.length).toBeGreaterThan(0);
  });
});
