import fs from 'node:fs';
import path from 'node:path';
import type { Configuration } from '../configuration.js';
import type { Terminal } from '../terminal.js';
import { examine } from './examine.js';
import { advice, chapterOf, type Finding, type State } from './finding.js';
import { type DoctorOptions, doctorSettings } from './settings.js';

/** What the worst finding makes the command end with. */
export const DoctorExit = { well: 0, warnings: 1, problems: 2 } as const;
export type DoctorExit = (typeof DoctorExit)[keyof typeof DoctorExit];

const SIGN = { ok: 'ok      ', warning: 'warning ', problem: 'PROBLEM ', unknown: 'unknown ' } as const;

/** `cairn doctor`: says in words what is wrong and what to do, from the settings and from what is running. It changes nothing. */
export async function doctorCommand(
  configuration: Configuration,
  options: DoctorOptions,
  terminal: Terminal,
): Promise<DoctorExit> {
  const findings = await examine(doctorSettings(configuration, options, embeddedDatabase(configuration.dataDir)));
  terminal.out.write(options.json ? asJson(findings) : asText(findings));
  return exitOf(findings);
}

export const exitOf = (findings: readonly Finding[]): DoctorExit => {
  const states = new Set<State>(findings.map(({ state }) => state));
  return states.has('problem') ? DoctorExit.problems : states.has('warning') ? DoctorExit.warnings : DoctorExit.well;
};

function asText(findings: readonly Finding[]): string {
  const lines = findings.flatMap(({ code, state, what }) => {
    const line = `${SIGN[state]}${code}  ${what}`;
    return state === 'warning' || state === 'problem'
      ? [line, `          ${advice[code]} (${chapterOf(code)})`]
      : [line];
  });
  const count = (state: State): number => findings.filter((each) => each.state === state).length;
  const summary = `${count('problem')} problems, ${count('warning')} warnings, ${count('unknown')} unknown, ${count('ok')} well.`;
  return `${[...lines, '', summary].join('\n')}\n`;
}

const asJson = (findings: readonly Finding[]): string =>
  `${JSON.stringify(
    findings.map(({ code, state, what }) => ({ code, state, what, todo: advice[code], runbook: chapterOf(code) })),
    undefined,
    2,
  )}\n`;

/** Where the embedded PostgreSQL of a data folder listens, if it runs: the fifth line of its lock file. It is not started. */
function embeddedDatabase(dataDir: string): string | undefined {
  try {
    const lines = fs.readFileSync(path.join(dataDir, 'pgdata', 'postmaster.pid'), 'utf8').split('\n');
    const sockets = lines[4];
    return sockets ? `postgres://postgres@localhost/cairn?host=${encodeURIComponent(sockets)}` : undefined;
  } catch {
    return undefined;
  }
}
