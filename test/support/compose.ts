import fs from 'node:fs';
import path from 'node:path';
import { parse } from 'yaml';
import { repository } from './launched-cairn.js';

/** What of a service in docker-compose.yml a test looks at. */
export interface ComposeService {
  readonly image?: string;
  readonly build?: { readonly dockerfile: string; readonly target?: string };
  readonly command?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly user?: string;
  readonly read_only?: boolean;
  readonly privileged?: boolean;
  readonly init?: boolean;
  readonly restart?: string;
  readonly cap_drop?: readonly string[];
  readonly cap_add?: readonly string[];
  readonly security_opt?: readonly string[];
  readonly tmpfs?: readonly string[];
  readonly volumes?: readonly string[];
  readonly ports?: readonly string[];
  readonly profiles?: readonly string[];
  readonly secrets?: readonly (string | { readonly source: string; readonly target: string })[];
  readonly networks?: readonly string[] | Readonly<Record<string, unknown>>;
  readonly network_mode?: string;
  readonly healthcheck?: { readonly test: readonly string[] };
  readonly stop_grace_period?: string;
  readonly deploy?: {
    readonly replicas?: number;
    readonly resources?: { readonly limits?: Readonly<Record<'cpus' | 'memory' | 'pids', string | number>> };
  };
  readonly depends_on?: unknown;
}

export interface Compose {
  readonly services: Readonly<Record<string, ComposeService>>;
  readonly networks: Readonly<Record<string, { readonly internal?: boolean }>>;
  readonly volumes: Readonly<Record<string, unknown>>;
  readonly secrets: Readonly<Record<string, { readonly file: string }>>;
}

export const COMPOSE_FILE = path.join(repository, 'docker-compose.yml');

/** As Docker reads it: with its merges made and its variables in. @param variables of the environment and of .env */
export function readCompose(
  variables: Readonly<Record<string, string>> = {},
  text = fs.readFileSync(COMPOSE_FILE, 'utf8'),
): Compose {
  return filled(parse(text, { merge: true }), variables) as Compose;
}

function filled(value: unknown, variables: Readonly<Record<string, string>>): unknown {
  if (typeof value === 'string') return interpolated(value, variables);
  if (Array.isArray(value)) return value.map((each) => filled(each, variables));
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).filter(([name]) => !name.startsWith('x-'));
  return Object.fromEntries(entries.map(([name, each]) => [name, filled(each, variables)]));
}

/** `${NAME}`, `${NAME:-otherwise}` and `${NAME:?what to do}`, in which an empty variable is as good as none. */
function interpolated(text: string, variables: Readonly<Record<string, string>>): string {
  return text.replaceAll(/\$\{(\w+)(?::([-?])([^}]*))?\}/g, (_, name: string, kind?: string, other = '') => {
    const value = variables[name];
    if (value !== undefined && value !== '') return value;
    if (kind === '?') throw new Error(`${name}: ${String(other)}`);
    return String(other);
  });
}
