import { isIdentifier, parseInstant } from '@cairn/event-sourcing';
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import type { BenchOptions } from './bench/main.js';
import type { Configuration } from './configuration.js';
import { ExitCode, ServerUnreachable, UsageError } from './exit-code.js';
import { type Asking, signIn } from './identity/sign-in.js';
import { importCommand, type ImportOptions } from './import/import-command.js';
import { rebuildCommand } from './rebuild/rebuild-command.js';
import { formatEngagement, REPORT_FORMATS, type ReportFormat } from './report/engagement-format.js';
import { engagementReport } from './report/engagement-report.js';
import { GraphqlError } from './server/server.js';
import type { Terminal } from './terminal.js';
import { tokenCommand, type TokenOptions } from './token/token-command.js';

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
    .description('Import a trial bundle: a folder with trial.json and CSV files.')
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
interruption the same command simply goes on. White space around cells is not part of them.${EXIT_CODES}`,
    )
    .action(async (directory: string, options: ImportOptions & Asking) => {
      exitCode = await importCommand(directory, await signIn(options, configuration), options, terminal);
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

  withServer(program.command('rebuild'))
    .description('Build a read model anew from the log; the old one serves until the new one is complete.')
    .argument('<projection>', 'a name, or all')
    .addHelpText('after', EXIT_CODES)
    .action(async (name: string, options: Asking) => {
      const { server } = await signIn(options, configuration, ['cairn:read', 'cairn:operate']);
      exitCode = await rebuildCommand(name, server, terminal);
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
      exitCode = (await bench(options)) as ExitCode;
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
