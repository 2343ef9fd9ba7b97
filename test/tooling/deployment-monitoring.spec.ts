import fs from 'node:fs';
import path from 'node:path';
import { parse } from 'yaml';
import { readCompose } from '../support/compose.js';
import { imageOf } from '../support/dockerfile.js';
import {
  dashboards,
  documentedMetrics,
  expressions,
  isOfOthers,
  metricOf,
  metricsIn,
  PROMETHEUS,
  rules,
} from '../support/monitoring.js';

const repository = path.resolve(import.meta.dirname, '../..');
const alerts = rules().filter(({ alert }) => alert !== undefined);

describe('rules and dashboards', () => {
  it('ask for metrics that there are', () => {
    const known = documentedMetrics();
    const unknown = expressions().flatMap(({ where, expr }) =>
      metricsIn(expr)
        .filter((name) => !isOfOthers(name) && !known.has(metricOf(name)))
        .map((name) => `${where}: ${name}`),
    );
    expect(unknown).toEqual([]);
    expect(known.size).toBeGreaterThan(40);
  });

  it('are PromQL, of which something else is found out', () => {
    expect(metricsIn('max by (a) (rate(cairn_x_total[$__rate_interval])) > 0')).toEqual(['cairn_x_total']);
    expect(() => metricsIn('max by (cairn_x')).toThrow(/no PromQL/);
  });

  it('show every metric of ours somewhere', () => {
    const shown = new Set(expressions().flatMap(({ expr }) => metricsIn(expr).map(metricOf)));
    // Told for people who look closely, and for the bench.
    const unseen = ['cairn_watch_events_total', 'cairn_graphql_fields_total', 'cairn_api_instances'];
    expect([...documentedMetrics()].filter((name) => !shown.has(name) && !unseen.includes(name))).toEqual([]);
  });
});

describe('an alert', () => {
  it.each(alerts.map((each) => [each.alert!, each] as const))(
    '%s says what is wrong, since when, and what to do',
    (name, alert) => {
      expect(name).toMatch(/^Cairn[A-Z]\w+$/);
      expect(alert.for).toMatch(/^\d+[smh]$/);
      expect(['critical', 'warning']).toContain(alert.labels?.severity);
      expect(alert.annotations?.summary).toMatch(/\S/);
      expect(alert.annotations?.description).toMatch(/\.$/);
      expect(alert.annotations?.runbook_url).toBe(`docs/runbook.md#${name.toLowerCase()}`);
    },
  );

  it('has a chapter in the runbook, and each chapter of that kind an alert', () => {
    const runbook = fs.readFileSync(path.join(repository, 'docs/runbook.md'), 'utf8');
    const chapters = [...runbook.matchAll(/^#+ (Cairn\w+)$/gm)].map(([, name]) => name);
    expect(new Set(chapters)).toEqual(new Set(alerts.map(({ alert }) => alert)));
  });

  it('has a name of its own', () => {
    expect(new Set(alerts.map(({ alert }) => alert)).size).toBe(alerts.length);
  });
});

describe.each(dashboards().map((each) => [each.file, each] as const))('the dashboard %s', (file, board) => {
  it('is found under its own name, is changed nowhere else, and asks the provisioned source', () => {
    expect(file).toBe(`${board.uid}.json`);
    expect(board.editable).toBe(false);
    const source = parse(
      fs.readFileSync(path.join(repository, 'infra/grafana/provisioning/datasources/prometheus.yml'), 'utf8'),
    ) as { datasources: readonly { uid: string }[] };
    expect(new Set(board.panels.map(({ datasource }) => datasource.uid))).toEqual(
      new Set([source.datasources[0]!.uid]),
    );
  });

  it('has panels with units that do not lie upon each other', () => {
    expect(new Set(board.panels.map(({ id }) => id)).size).toBe(board.panels.length);
    const cells = board.panels.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, at) => `${x + (at % w)},${y + Math.floor(at / w)}`),
    );
    expect(new Set(cells).size).toBe(cells.length);
    for (const { fieldConfig, gridPos } of board.panels) {
      expect(fieldConfig.defaults.unit).toMatch(/\S/);
      expect(gridPos.x + gridPos.w).toBeLessThanOrEqual(24);
    }
  });
});

it('scrapes each service where docker-compose.yml has it', () => {
  const { scrape_configs: jobs } = parse(fs.readFileSync(path.join(PROMETHEUS, 'prometheus.yml'), 'utf8')) as {
    scrape_configs: readonly { job_name: string; dns_sd_configs?: readonly { names: string[]; port: number }[] }[];
  };
  const { services } = readCompose({ CAIRN_VERIFIER_KEYS: 'x' });
  const portOf = (name: string): number => {
    const given = { ...imageOf(name).environment, ...services[name]!.environment };
    return Number(given['METRICS_PORT'] ?? given['PROJECTOR_PORT'] ?? given['ALERTER_PORT']);
  };
  for (const name of ['api', 'projector', 'alerter']) {
    const job = jobs.find(({ job_name: named }) => named === `cairn-${name}`)!;
    expect(job.dns_sd_configs).toMatchObject([{ names: [name], port: portOf(name) }]);
  }
});
