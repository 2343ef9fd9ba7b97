import { isIdentifier, parseInstant } from '@cairn/event-sourcing';
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { backupCommands } from './backup/backup-commands.js';
import type { BenchOptions } from './bench/main.js';
import { calibrateCommand, type CalibrateOptions } from './calibrate/calibrate-command.js';
import { capacityCommands } from './capacity/capacity-commands.js';
import type { Configuration } from './configuration.js';
import type { DoctorOptions } from './doctor/settings.js';
import { cutCommands } from './cut/cut-command.js';
import { ExitCode, ServerUnreachable, UsageError } from './exit-code.js';
import { exportCommand, type ExportOptions } from './export/export-command.js';
import { type Asking, signIn } from './identity/sign-in.js';
import { importCommand, type ImportOptions } from './import/import-command.js';
import { isExport, restoreCommand } from './import/restore-command.js';
import { listKeys, rotateKeys } from './keys/keys-command.js';
import type { MigrateOptions } from './migrate/migrate-command.js';
import { type MigrateStoreOptions, STORE_KINDS } from './migrate-store/options.js';
import { rebuildCommand } from './rebuild/rebuild-command.js';
import { CUT_REPORT_FORMATS, CUT_REPORT_KINDS, cutReportCommand, type CutReportOptions } from './report/cut-report.js';
import { formatEngagement, REPORT_FORMATS, type ReportFormat } from './report/engagement-format.js';
import { engagementReport } from './report/engagement-report.js';
import { GraphqlError } from './server/server.js';
import { simulateCommand, type SimulateOptions } from './simulate/simulate-command.js';
import type { Terminal } from './terminal.js';
import { tokenCommand, type TokenOptions } from './token/token-command.js';
import { verifyCommand, type VerifyCommandOptions } from './verify/verify-command.js';
import { verifyTrial } from './verify/verify-trial.js';

const EXIT_CODES = `
Exit codes: 0 done; 1 rows were refused; 2 the command line cannot be used; 3 the server cannot be reached.`;

/** Runs one command line. @param args without the names of node and the script */
export async function run(
  args: readonly string[],
  configuration: Configuration,
  terminal: Terminal,
): Promise<ExitCode> {
  let exitCode: ExitCode = ExitCode.done;
  const program = new Command('cairn')
    .description('Cairn: what sites record, and who is engaged, from the command line.')
    .addHelpText('after', EXIT_CODES)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => terminal.out.write(text),
      writeErr: (text) => terminal.err.write(text),
    })
    .showHelpAfterError('(--help tells more)');

  const withServer = (command: Command): Command =>
    command
      .option('--url <url>', 'where the server is (CAIRN_URL)', configuration.url)
      .addOption(new Option('--token <token>', 'an access token (CAIRN_TOKEN)').conflicts(['as', 'tenant']))
      .option('--as <user>', 'somebody of an embedded Cairn (default: manager@<tenant>.example)', identifier)
      .option(
        '--tenant <id>',
        `a tenant of an embedded Cairn (CAIRN_TENANT, else ${configuration.tenant})`,
        identifier,
      );

  withServer(program.command('import'))
    .description(
      'Import a trial bundle, a folder with trial.json and CSV files; or restore an export into a new tenant.',
    )
    .argument('<dir>', 'the bundle')
    .option('--dry-run', 'write nothing, report the same', false)
    .option('--strict', 'write nothing unless every row is good', false)
    .option('--all', 'show every problem, not just the first 100', false)
    .addOption(
      new Option('--format <format>', 'for people or, as NDJSON, for machines')
        .choices(['table', 'json'])
        .default('table'),
    )
    .addHelpText(
      'after',
      `
A bad row is reported and left out; it never stops the good rows. Importing a bundle again adds nothing, so after an
interruption the same command simply goes on. White space around cells is not part of them.

An export, which has a manifest.json, is verified and then brought back event by event, whole or not at all, into a tenant
that has no log yet.${EXIT_CODES}`,
    )
    .action(async (directory: string, options: ImportOptions & Asking) => {
      if (await isExport(directory)) {
        if (options.dryRun || options.strict) throw new UsageError('an export is brought back whole or not at all');
        const operator = await signIn(options, configuration, ['cairn:read', 'cairn:operate']);
        exitCode = await restoreCommand(directory, operator.server, await signIn(options, configuration), terminal);
        return;
      }
      exitCode = await importCommand(directory, await signIn(options, configuration), options, terminal);
    });

  withServer(program.command('export'))
    .description('Export a trial: its events as CloudEvents, and the checkpoints by which anybody can verify them.')
    .argument('<trial>', 'the trial', identifier)
    .requiredOption('--out <dir>', 'a folder that is empty or not there')
    .option('--cut <id>', 'up to this data cut, with its tables', identifier)
    .addHelpText('after', EXIT_CODES)
    .action(async (trial: string, options: ExportOptions & Asking) => {
      const { server } = await signIn(options, configuration);
      exitCode = await exportCommand(trial, server, options, terminal);
    });

  withServer(program.command('verify'))
    .description('Verify that an export is what was signed, without a server; the first altered position is named.')
    .argument('[dir]', 'an export')
    .option('--trial <id>', 'a trial of the server instead, exported for the purpose', identifier)
    .option('--recompute', 'make the tables of its data cuts again from the events, and compare', false)
    .option('--key <key>', 'a verifier key that is trusted (default: those in the export)', collected, [])
    .option('--json', 'for machines', false)
    .addHelpText(
      'after',
      '\nExit codes: 0 verified; 1 altered; 2 nothing can be said about it; 3 the server cannot be reached.',
    )
    .action(async (directory: string | undefined, options: VerifyCommandOptions & Asking & { trial?: string }) => {
      if ((directory === undefined) === (options.trial === undefined))
        throw new UsageError('give a folder, or --trial');
      if (directory !== undefined) {
        exitCode = await verifyCommand(directory, options, terminal);
        return;
      }
      const { server } = await signIn(options, configuration);
      exitCode = await verifyTrial(options.trial!, server, options, terminal);
    });

  const report = program.command('report').description('Print a report.');
  withServer(report.command('engagement'))
    .description('Who is engaged, per site, over both denominators and with bounds.')
    .requiredOption('--trial <id>', 'the trial', identifier)
    .option('--definition <id>', 'what counts as engagement: table, text or one of the trial', identifier, 'table')
    .option('--as-of <time>', 'what had happened by then, like 2018-03-25T14:30:00+01:00 (default: now)', time)
    .addOption(new Option('--format <format>', 'how it is written').choices(REPORT_FORMATS).default('table'))
    .addHelpText('after', EXIT_CODES)
    .action(async (options: Asking & { trial: string; definition: string; asOf?: string; format: ReportFormat }) => {
      const { server } = await signIn(options, configuration);
      const table = await engagementReport(server, options.trial, options.definition, options.asOf);
      terminal.out.write(formatEngagement(table, options.format));
    });

  for (const kind of CUT_REPORT_KINDS) {
    withServer(report.command(kind))
      .description(
        kind === 'open'
          ? 'Write the open report of a data cut: no number of one arm.'
          : 'Write the closed report of a data cut, by masked arm; each look at it is recorded.',
      )
      .requiredOption('--trial <id>', 'the trial', identifier)
      .requiredOption('--cut <id>', 'the data cut', identifier)
      .addOption(new Option('--format <format>', 'as what').choices(CUT_REPORT_FORMATS).default('html'))
      .requiredOption('--out <dir>', 'the folder to write to')
      .addHelpText('after', EXIT_CODES)
      .action(async (options: Asking & CutReportOptions) => {
        const { server } = await signIn(options, configuration);
        await cutReportCommand(kind, server, options, terminal);
      });
  }

  cutCommands<Asking>({
    program,
    withServer,
    signIn: (options) => signIn(options, configuration),
    identifier,
    time,
    terminal,
  });

  withServer(program.command('rebuild'))
    .description('Build a read model anew from the log; the old one serves until the new one is complete.')
    .argument('<projection>', 'a name, or all')
    .addHelpText('after', EXIT_CODES)
    .action(async (name: string, options: Asking) => {
      const { server } = await signIn(options, configuration, ['cairn:read', 'cairn:operate']);
      exitCode = await rebuildCommand(name, server, terminal);
    });

  withServer(program.command('simulate'))
    .description('Make a trial that never was, of any size: as a bundle, or as load for a server.')
    .option('--plan <file>', 'what it is to be like, see docs/simulate.md')
    .option('--sites <number>', 'instead of a plan: so many sites that differ', wholeNumber(1, 10_000))
    .option('--participants <number>', 'in all of them together', wholeNumber(0, 10_000_000))
    .option('--seed <number>', 'the same seed makes the same trial', wholeNumber(0, 4_294_967_295))
    .option('--trial <id>', 'its id (default: the plan says it)', identifier)
    .option('--out <dir>', 'write a bundle to a folder that is empty or not there')
    .option('--load [url]', 'give it to a server command by command, in the order of time')
    .option(
      '--rate <number>',
      'so many commands a second (default: as fast as they are taken)',
      wholeNumber(1, 100_000),
    )
    .addHelpText('after', EXIT_CODES)
    .action(async ({ url, ...options }: SimulateOptions & Asking) => {
      const at = typeof options.load === 'string' ? options.load : url;
      exitCode = await simulateCommand(options, () => signIn({ ...options, url: at }, configuration), terminal);
    });

  program
    .command('calibrate')
    .description('How often rules raise a signal where nothing is wrong, per site and month, in simulated trials.')
    .requiredOption('--trial-plan <file>', 'of the size of which the trials are, see docs/simulate.md')
    .option('--rounds <number>', 'how many trials are simulated', wholeNumber(1, 100_000), 20)
    .option('--seed <number>', 'the same seed gives the same figures', wholeNumber(0, 4_294_967_295), 1)
    .option('--rules <file>', 'a list of rules as JSON (default: the shipped ones)')
    .option('--json', 'for machines', false)
    .addHelpText('after', EXIT_CODES)
    .action(async (options: CalibrateOptions) => {
      exitCode = await calibrateCommand(options, terminal);
    });

  program
    .command('token')
    .description('Print an access token of somebody of the embedded Cairn on this machine, and nothing else.')
    .argument('<user>', 'like manager@enrich.example', identifier)
    .option('--tenant <id>', 'that they must be of', identifier)
    .option(
      '--scope <scopes>',
      'what it may be used for, like "cairn:read cairn:record" (default: what their roles allow)',
    )
    .option('--expires-in <seconds>', 'for how long it holds, at most a day', lifetime, 3_600)
    .addHelpText('after', EXIT_CODES)
    .action((user: string, options: TokenOptions) => tokenCommand(user, configuration.dataDir, options, terminal));

  const keys = program
    .command('keys')
    .description('The keys that the logs of the Cairn on this machine are signed with.');
  keys
    .command('list')
    .description('Print the public keys, the one that signs now last.')
    .addHelpText('after', EXIT_CODES)
    .action(() => listKeys(configuration.signingKeys, terminal));
  keys
    .command('rotate')
    .description('Make a new key, which signs from now on; the others stay known.')
    .addHelpText('after', EXIT_CODES)
    .action(() => rotateKeys(configuration.signingKeys, terminal, new Date()));

  program
    .command('migrate')
    .description('Bring the database up to date, once, before services of this version are started.')
    .option('--database-url <url>', 'as who owns the database and may create roles (DATABASE_URL)')
    .option('--logins', "make the services' logins too, which API_DATABASE_URL and its like name", false)
    .option('--wait <seconds>', 'how long the database may take to answer', wholeNumber(0, 3_600), 30)
    .addHelpText(
      'after',
      `
Migrations only go forward, and services of the version before go on meanwhile. Called again there is nothing to do.
Exit codes: 0 up to date; 2 it cannot be, and why; 3 the database does not answer.`,
    )
    .action(async (options: MigrateOptions) => {
      // Loaded only here: no other command speaks to a database.
      const { migrateCommand } = await import('./migrate/migrate-command.js');
      await migrateCommand(configuration.database, options, terminal);
    });

  program
    .command('doctor')
    .description('Say in words what is wrong with an installation, and what to do; nothing is changed.')
    .option('--url <url>', 'where the api is (CAIRN_URL)', configuration.url)
    .option('--projector <url>', 'where a projector is (default: PROJECTOR_PORT of this machine)')
    .option('--alerter <url>', 'where an alerter is (default: ALERTER_PORT of this machine)')
    .option('--backup <dir>', 'where backups are')
    .option('--backup-hours <number>', 'how old the newest may be', wholeNumber(1, 10_000), 26)
    .option('--json', 'for machines', false)
    .addHelpText(
      'after',
      `
It looks at the settings of the services as it is given them, at the database as its owner (DATABASE_URL, or the embedded one of this
machine), and at what the services answer.
Exit codes: 0 all is well; 1 there are warnings; 2 there are problems.`,
    )
    .action(async ({ url, ...options }: DoctorOptions & { url: string }) => {
      // Loaded only here: no other command speaks to a database or a broker.
      const { doctorCommand } = await import('./doctor/doctor-command.js');
      exitCode = await doctorCommand({ ...configuration, url }, options, terminal);
    });

  program
    .command('migrate-store')
    .description(
      'Take the logs of every tenant from one event store to the other, and prove that they are the same there.',
    )
    .addOption(new Option('--from <store>', 'where the logs are').choices(STORE_KINDS).makeOptionMandatory())
    .addOption(new Option('--to <store>', 'where they are to be').choices(STORE_KINDS).makeOptionMandatory())
    .option('--tenant <id>', 'a single log, into a store that others use', identifier)
    .addHelpText(
      'after',
      `
PostgreSQL is the database of DATABASE_URL, as who owns it, and has its migrations; KurrentDB is KURRENTDB_URL. Services must not
run meanwhile. Interrupted, the same command goes on. See docs/kurrentdb.md.
Exit codes: 0 the same in both; 1 they differ, and where; 2 it cannot be done, and why; 3 a store cannot be reached.`,
    )
    .action(async (options: MigrateStoreOptions) => {
      // Loaded only here: it brings both stores along.
      const { migrateStoreCommand } = await import('./migrate-store/migrate-store-command.js');
      const { migrate: postgres, kurrentdb } = configuration.database;
      exitCode = await migrateStoreCommand(options, { postgres, kurrentdb }, terminal);
    });

  backupCommands(program, configuration, terminal, (ended) => (exitCode = ended));

  capacityCommands(program, terminal);

  program
    .command('bench')
    .description(
      'Measure the event store and the read models against their targets and their peers, on a database of its own.',
    )
    .option('--only <sections>', 'some sections, separated by commas')
    .option('--quick', 'smaller figures, no targets')
    .option('--json', 'for machines')
    .action(async (options: BenchOptions) => {
      // Loaded only here: it brings the peers along.
      const { bench } = await import('./bench/main.js');
      exitCode = (await bench({ ...options, kafkaBrokers: configuration.kafkaBrokers })) as ExitCode;
    });

  try {
    await program.parseAsync(args, { from: 'user' });
    return exitCode;
  } catch (error) {
    return explain(error, terminal);
  }
}

/** Tells what went wrong in one sentence. @throws what is no expected failure */
export function explain(error: unknown, { err }: Terminal): ExitCode {
  // Commander has written its own message.
  if (error instanceof CommanderError) return error.exitCode === 0 ? ExitCode.done : ExitCode.badUsage;
  if (error instanceof UsageError || error instanceof GraphqlError) {
    err.write(`cairn: ${error.message}\n`);
    return ExitCode.badUsage;
  }
  if (error instanceof ServerUnreachable) {
    err.write(`cairn: ${error.message}\n`);
    return ExitCode.serverUnreachable;
  }
  throw error;
}

function identifier(text: string): string {
  if (!isIdentifier(text)) throw new InvalidArgumentError('It is not an identifier.');
  return text;
}

const collected = (text: string, before: readonly string[]): readonly string[] => [...before, text];

const wholeNumber =
  (least: number, most: number) =>
  (text: string): number => {
    const number = Number(text);
    if (/^\d+$/.test(text) && number >= least && number <= most) return number;
    throw new InvalidArgumentError(`It is not a whole number from ${least} to ${most}.`);
  };

function lifetime(text: string): number {
  const seconds = Number(text);
  if (/^\d+$/.test(text) && seconds >= 1 && seconds <= 86_400) return seconds;
  throw new InvalidArgumentError('It is not a whole number of seconds from 1 to 86400.');
}

function time(text: string): string {
  if (parseInstant(text) === undefined) {
    throw new InvalidArgumentError('It is not a time with an offset like 2018-03-25T14:30:00+01:00.');
  }
  return text;
}
