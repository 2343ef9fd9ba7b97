import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from '@jest/globals';
import {
  defaultSiteClassCutPoints,
  fidelityAssociation,
  fidelityPoints,
  type FidelityProtocol,
  present,
  siteFidelity,
  tableDefinition,
  textDefinition,
  TrialEngagement,
} from '@cairn/monitoring';
import { oracleAssociation } from './association-oracle.js';
import { readBundle, trialFile } from './bundle.js';
import { definitions, oracleFidelity, oracleTable } from './engagement-oracle.js';
import { eventsOf, fidelityDocuments, participantDocuments } from './facts.js';
import { expectSameTable } from './same-table.js';

const root = join(import.meta.dirname, '../..');
const bundle = join(root, 'infra/demo/enrich');
const trial = readBundle(bundle);
const { arms, interventionWindow } = trialFile(bundle);
const later = Date.parse('2026-01-01T00:00:00Z');

interface ExpectedSite {
  site: string;
  total: number;
  offered: number;
  withData: number;
  fidelity: number;
  table: Record<'engaged' | 'notYet' | 'notEngaged' | 'pctOfWithData' | 'pctOfOffered' | 'lower' | 'upper', number>;
  text: ExpectedSite['table'];
}
const expected = JSON.parse(readFileSync(join(root, 'test/data/enrich/expected.json'), 'utf8')) as {
  sites: ExpectedSite[];
  association: { pearson: number; slope: number; intercept: number; studentisedResiduals: Record<string, number> };
};

describe('the ENRICH trial', () => {
  let engagement: TrialEngagement;
  let fidelityOf: (site: string) => number | undefined;

  beforeAll(() => {
    const events = eventsOf(trial);
    engagement = new TrialEngagement({ timeZone: trial.zone, protocol: { arms, interventionWindow } });
    for (const [id, document] of participantDocuments(events)) engagement.set(id, document);
    const assessments = fidelityDocuments(events);
    const protocol: FidelityProtocol = {
      timeZone: trial.zone,
      protocol: { fidelity: { instrument: trial.instrument!, minimum: 3, maximum: 12, notBeforeMonthsOfDelivery: 6 } },
    };
    fidelityOf = (site) => siteFidelity(assessments.get(site)!, '2017-01-09', protocol, present(later))?.value;
  });

  it.each(['table', 'text'] as const)('has the published counts by definition %s, twice over', (name) => {
    const rows = oracleTable(trial, definitions[name], later);
    expect(rows).toHaveLength(8);
    for (const [index, site] of expected.sites.entries()) {
      const row = rows[index]!;
      expect(row).toMatchObject({ site: site.site, randomised: site.total, offered: site.offered });
      expect(row.withData).toBe(site.withData);
      for (const key of ['engaged', 'notYet', 'notEngaged'] as const) expect(row[key]).toBe(site[name][key]);
      for (const key of ['pctOfWithData', 'pctOfOffered', 'lower', 'upper'] as const) {
        expect(row[key]).toBeCloseTo(site[name][key], 9);
      }
    }
    const definition = name === 'table' ? tableDefinition : textDefinition;
    expectSameTable(engagement.table(definition, present(later), trial.sites), rows);
  });

  it('has the published sums', () => {
    expect(engagement.table(tableDefinition, present(later), trial.sites).overall).toMatchObject({
      randomised: 586,
      offered: 291,
      withData: 265,
      engaged: 163,
      notYet: 0,
      notEngaged: 102,
    });
  });

  it('is the same as the oracle at any time of its history', () => {
    const [start, end] = [Date.parse('2017-01-01T00:00:00Z'), Date.parse('2019-01-01T00:00:00Z')];
    const steps = 240;
    for (let step = 0; step < steps; step++) {
      const asOf = Math.round(start + ((end - start) * (step + Math.sin(step * 7) / 3)) / steps);
      expectSameTable(
        engagement.table(tableDefinition, present(asOf), trial.sites),
        oracleTable(trial, definitions.table, asOf),
      );
      if (step % 4 === 0) {
        expectSameTable(
          engagement.table(textDefinition, present(asOf), trial.sites),
          oracleTable(trial, definitions.text, asOf),
        );
      }
    }
  });

  it('has the golden association of fidelity and engagement', () => {
    const table = engagement.table(tableDefinition, present(later), trial.sites);
    const points = fidelityPoints(table.sites, fidelityOf);
    for (const { site, fidelity } of points) expect(fidelity).toBe(oracleFidelity(trial, site, later));
    const association = fidelityAssociation(points, defaultSiteClassCutPoints);
    expect(association.pearson).toBeCloseTo(0.8162479430728106, 10);
    expect(association.spearman).toBeCloseTo(0.7142857142857143, 10);
    expect(association.slope).toBeCloseTo(12.339135030099987, 10);
    expect(association.intercept).toBeCloseTo(-63.140142198809635, 10);
    for (const point of association.points) {
      expect(point.studentisedResidual).toBeCloseTo(expected.association.studentisedResiduals[point.site]!, 9);
    }
    expect(Object.fromEntries(association.points.map((point) => [point.site, point.class]))).toEqual({
      S1: 'unclassified',
      S2: 'outlier',
      S3: 'high_high',
      S4: 'low_low',
      S5: 'high_high',
      S6: 'low_low',
      S7: 'unclassified',
    });
    const oracle = oracleAssociation(
      points.map((point) => point.fidelity),
      points.map((point) => point.engagement),
    );
    expect(oracle.residuals[1]).toBeCloseTo(-5.703527891225428, 9);
    expect(oracle.pearson).toBeCloseTo(0.8162479430728106, 10);
    expect(oracle.spearman).toBeCloseTo(0.7142857142857143, 10);
  });
});
