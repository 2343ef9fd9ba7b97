import { type SimulationPlan, simulateTrial, tallyOf, variedPlan } from '@cairn/simulation';
import { ExitCode, UsageError } from '../exit-code.js';
import type { SignedIn } from '../identity/sign-in.js';
import { openTenant } from '../import/open-tenant.js';
import { grouped, startProgress, tableLines, type Terminal } from '../terminal.js';
import { loadSimulation } from './load-simulation.js';
import { readPlanFile } from './plan-file.js';
import { writeSimulation } from './write-simulation.js';

export interface SimulateOptions {
  readonly plan?: string;
  readonly sites?: number;
  readonly participants?: number;
  /** Instead of the plan's. */
  readonly seed?: number;
  readonly trial?: string;
  readonly out?: string;
  /** `true`: to the server that is asked otherwise. */
  readonly load?: string | true;
  readonly rate?: number;
}

/**
 * `cairn simulate`: a trial that never was, as a bundle or as load.
 * @param signIn who asks, where a server is asked
 * @throws UsageError
 * @throws ServerUnreachable
 */
export async function simulateCommand(
  options: SimulateOptions,
  signIn: () => Promise<SignedIn>,
  terminal: Terminal,
): Promise<ExitCode> {
  if ((options.out === undefined) === (options.load === undefined)) throw new UsageError('give --out or --load');
  if (options.rate !== undefined && options.load === undefined) throw new UsageError('--rate is for --load');
  const plan = await planOf(options);
  return options.out === undefined
    ? load(plan, options.rate, await signIn(), terminal)
    : write(plan, options.out, terminal);
}

async function planOf({ plan, sites, participants, seed, trial }: SimulateOptions): Promise<SimulationPlan> {
  if ((plan === undefined) === (sites === undefined))
    throw new UsageError('give --plan, or --sites and --participants');
  if ((sites === undefined) !== (participants === undefined)) {
    throw new UsageError('--sites and --participants go together');
  }
  const given =
    plan === undefined
      ? variedPlan({ sites: sites!, participants: participants!, seed: seed ?? 1 })
      : await readPlanFile(plan);
  return { ...given, ...(seed !== undefined && { seed }), ...(trial !== undefined && { trial }) };
}

async function write(plan: SimulationPlan, out: string, { out: output }: Terminal): Promise<ExitCode> {
  const trial = simulateTrial(plan);
  const files = await writeSimulation(trial, out);
  const rows = files.map(({ file, rows: count }) => [file, grouped(count)]);
  const sites = tallyOf(trial).map((site) => [
    site.site,
    `${site.randomised}/${site.offered}`,
    String(site.withData),
    String(site.engaged),
    grouped(site.contacts),
    String(site.groupSupervisions),
  ]);
  const lines = [
    ...tableLines(['file', 'rows'], rows, new Set([1])),
    '',
    ...tableLines(
      ['site', 'randomised/offered', 'with data', 'engaged', 'contacts', 'supervisions'],
      sites.slice(0, SITES_SHOWN),
      new Set([1, 2, 3, 4, 5]),
    ),
    ...(sites.length > SITES_SHOWN ? [`and ${grouped(sites.length - SITES_SHOWN)} more`] : []),
  ];
  output.write(`${lines.join('\n')}\n\nThe trial ${plan.trial} is in ${out}; cairn import takes it.\n`);
  return ExitCode.done;
}

const SITES_SHOWN = 50;

async function load(
  plan: SimulationPlan,
  rate: number | undefined,
  { server, user }: SignedIn,
  { out, err }: Terminal,
): Promise<ExitCode> {
  const tenant = await openTenant(server, user, { dryRun: false });
  // How many there will be is known only when all were made.
  const progress = startProgress(err, 'Loading', Number.MAX_SAFE_INTEGER);
  try {
    const summary = await loadSimulation(simulateTrial(plan), server, tenant, rate, (sent) =>
      progress.update(sent, `${grouped(sent)} commands`),
    );
    const { accepted, unchanged, refused, seconds, position, codes } = summary;
    const perSecond = Math.round((accepted + unchanged + refused) / seconds);
    out.write(
      `Loaded: ${grouped(accepted)} commands accepted, ${grouped(unchanged)} unchanged, ${grouped(refused)} refused; ` +
        `${seconds.toFixed(1)} s, ${grouped(perSecond)} per second; log position ${position}.\n`,
    );
    for (const [code, count] of Object.entries(codes).sort()) out.write(`refused: ${code} ${grouped(count)}\n`);
    return refused > 0 ? ExitCode.rowsRefused : ExitCode.done;
  } finally {
    progress.stop();
  }
}
