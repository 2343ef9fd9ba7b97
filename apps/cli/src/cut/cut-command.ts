import { Option, type Command } from 'commander';
import type { Server } from '../server/server.js';
import type { Terminal } from '../terminal.js';
import { CUT_FORMATS, type CutFormat, formatChanges, formatCut, formatCuts, formatTable } from './cut-format.js';
import { diffCuts, findCut, findTable, listCuts, takeCut } from './cuts.js';

/** What the command line gives every command that asks a server. */
interface Around<Asking> {
  readonly program: Command;
  readonly withServer: (command: Command) => Command;
  readonly signIn: (options: Asking) => Promise<{ readonly server: Server }>;
  readonly identifier: (text: string) => string;
  readonly time: (text: string) => string;
  readonly terminal: Terminal;
}

interface OfTrial {
  readonly trial: string;
  readonly format: CutFormat;
  readonly table?: string;
}

/** `cairn cut take`, `list`, `show` and `diff`. */
export function cutCommands<Asking>({ program, withServer, signIn, identifier, time, terminal }: Around<Asking>): void {
  const cut = program
    .command('cut')
    .description('Fix what is known of a trial for good, and compare with what came later.');
  const ofTrial = (command: Command): Command =>
    withServer(command).requiredOption('--trial <id>', 'the trial', identifier);
  const formatted = (command: Command): Command =>
    ofTrial(command).addOption(
      new Option('--format <format>', 'how it is written').choices(CUT_FORMATS).default('table'),
    );

  ofTrial(cut.command('take'))
    .description('Take a data cut: its tables are kept, and stay what they are.')
    .requiredOption('--cut <id>', 'a new id, by which it is asked for', identifier)
    .requiredOption('--occurred-before <time>', 'what had happened before then, like 2018-03-25T00:00:00+01:00', time)
    .requiredOption('--note <words>', 'what it is taken for')
    .action(async (options: Asking & { trial: string; cut: string; occurredBefore: string; note: string }) => {
      const { server } = await signIn(options);
      const { trial, cut: id, occurredBefore, note } = options;
      await takeCut(server, { trial, cut: id, occurredBefore, note });
      terminal.out.write(formatCut(await findCut(server, trial, id), 'table'));
    });

  formatted(cut.command('list'))
    .description('The data cuts of a trial, newest first.')
    .action(async (options: Asking & OfTrial) => {
      const { server } = await signIn(options);
      terminal.out.write(formatCuts(await listCuts(server, options.trial), options.format));
    });

  formatted(cut.command('show'))
    .description('A data cut, or one of its tables; as JSON a table is exactly the bytes that were hashed.')
    .argument('<cut>', 'its id', identifier)
    .option('--table <name>', 'one of its tables', identifier)
    .action(async (id: string, options: Asking & OfTrial) => {
      const { server } = await signIn(options);
      const found = await findCut(server, options.trial, id);
      const written =
        options.table === undefined
          ? formatCut(found, options.format)
          : formatTable(found, await findTable(server, options.trial, id, options.table), options.format);
      terminal.out.write(written);
    });

  formatted(cut.command('diff'))
    .description('Every value that is another at the second cut, with the events that changed it.')
    .argument('<from>', 'the first cut', identifier)
    .argument('<to>', 'the second one', identifier)
    .option('--table <name>', 'of one table', identifier)
    .action(async (from: string, to: string, options: Asking & OfTrial) => {
      const { server } = await signIn(options);
      const { trial, table, format } = options;
      const changes = await diffCuts(server, { trial, from, to, table }, format === 'json' ? 20 : 1);
      terminal.out.write(formatChanges(changes, format));
    });
}
