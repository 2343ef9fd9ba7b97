import fs from 'node:fs';
import path from 'node:path';
import { parser } from '@prometheus-io/lezer-promql';
import { parse } from 'yaml';
import { repository } from './launched-cairn.js';

export const PROMETHEUS = path.join(repository, 'infra/prometheus');
const DASHBOARDS = path.join(repository, 'infra/grafana/dashboards');

export interface Rule {
  readonly alert?: string;
  readonly record?: string;
  readonly expr: string;
  readonly for?: string;
  readonly labels?: { readonly severity?: string };
  readonly annotations?: { readonly summary?: string; readonly description?: string; readonly runbook_url?: string };
}

/** Of all groups. */
export function rules(): readonly Rule[] {
  const { groups } = parse(fs.readFileSync(path.join(PROMETHEUS, 'cairn.rules.yml'), 'utf8')) as {
    groups: readonly { readonly rules: readonly Rule[] }[];
  };
  return groups.flatMap((group) => group.rules);
}

export interface Dashboard {
  readonly uid: string;
  readonly title: string;
  readonly editable: boolean;
  readonly panels: readonly {
    readonly id: number;
    readonly title: string;
    readonly gridPos: Readonly<Record<'x' | 'y' | 'w' | 'h', number>>;
    readonly datasource: { readonly uid: string };
    readonly fieldConfig: { readonly defaults: { readonly unit: string } };
    readonly targets: readonly { readonly expr: string }[];
  }[];
}

export const dashboards = (): readonly (Dashboard & { readonly file: string })[] =>
  fs.readdirSync(DASHBOARDS).map((file) => ({
    ...(JSON.parse(fs.readFileSync(path.join(DASHBOARDS, file), 'utf8')) as Dashboard),
    file,
  }));

/** Every expression, and where it is. */
export const expressions = (): readonly { readonly where: string; readonly expr: string }[] => [
  ...rules().map(({ alert, record, expr }) => ({ where: (alert ?? record)!, expr })),
  ...dashboards().flatMap(({ file, panels }) =>
    panels.flatMap(({ title, targets }) => targets.map(({ expr }) => ({ where: `${file}: ${title}`, expr }))),
  ),
];

/**
 * The metrics that an expression asks for.
 * @throws Error where Prometheus' grammar does not take it
 */
export function metricsIn(expression: string): readonly string[] {
  // What Grafana puts in the place of it is a duration.
  const text = expression.replaceAll('$__rate_interval', '5m');
  const names: string[] = [];
  parser.parse(text).iterate({
    enter: ({ type, from, to }) => {
      if (type.isError) throw new Error(`no PromQL at ${from}: ${text}`);
      if (type.name === 'VectorSelector') {
        const [, name] = /^([\w:]+)/.exec(text.slice(from, to)) ?? [];
        if (name === undefined) throw new Error(`a selector without a name: ${text}`);
        names.push(name);
      }
    },
  });
  return names;
}

/** A histogram is asked for by its parts. */
export const metricOf = (name: string): string => name.replace(/_(bucket|sum|count)$/, '');

/** Those of docs/operations.md, whose tables are compared with what the services say. */
export function documentedMetrics(): ReadonlySet<string> {
  const page = fs.readFileSync(path.join(repository, 'docs/operations.md'), 'utf8');
  return new Set([...page.matchAll(/^\| `(cairn_\w+)` \|/gm)].map(([, name]) => name!));
}

/** Made by Prometheus itself, or by a rule of ours. */
export const isMadeElsewhere = (name: string): boolean =>
  ['up', 'ALERTS'].includes(name) || rules().some(({ record }) => record === name);

/** Nor by us: by prom-client. */
export const isOfOthers = (name: string): boolean => isMadeElsewhere(name) || /^(nodejs|process)_/.test(name);
