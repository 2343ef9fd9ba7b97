import type { Command } from 'commander';
import type { Configuration } from '../configuration.js';
import { type ExitCode, UsageError } from '../exit-code.js';
import type { Terminal } from '../terminal.js';

const collected = (text: string, before: readonly string[]): readonly string[] => [...before, text];

const EXIT_CODES = `
Exit codes: 0 done; 1 the backup is damaged; 2 the command line, or what it points at, cannot be used; 3 the database cannot
be reached.`;

/** The commands `backup` and `restore`; see docs/backup.md. They ask the database itself, not the API. */
export function backupCommands(
  program: Command,
  configuration: Configuration,
  terminal: Terminal,
  ended: (exitCode: ExitCode) => void,
): void {
  // Loaded when they are asked for: they bring the database's driver along.
  const load = () => import('./backup-command.js');
  const backup = program
    .command('backup')
    .description('Back up all logs: what is new since the last time is added to a folder, while services go on.')
    .option('--out <dir>', 'the folder of the backup')
    .addHelpText('after', EXIT_CODES)
    .action(async ({ out }: { readonly out?: string }) => {
      if (out === undefined) throw new UsageError('say where with --out');
      ended(await (await load()).backupCommand(out, configuration, terminal));
    });
  backup
    .command('verify')
    .description('Verify that a backup is what was made and every event what was signed, without a server.')
    .argument('<dir>', 'the folder of the backup')
    .option('--key <key>', 'a verifier key that is trusted (default: those in the backup)', collected, [])
    .addHelpText('after', EXIT_CODES)
    .action(async (directory: string, { key }: { readonly key: readonly string[] }) => {
      ended(await (await load()).verifyBackupCommand(directory, key, terminal));
    });
  program
    .command('restore')
    .description('Bring a backup into an empty database, whole or not at all.')
    .requiredOption('--from <dir>', 'the folder of the backup')
    .option('--key <key>', 'a verifier key that is trusted (default: those in the backup)', collected, [])
    .addHelpText('after', EXIT_CODES)
    .action(async ({ from, key }: { readonly from: string; readonly key: readonly string[] }) => {
      ended(await (await load()).restoreBackupCommand(from, key, configuration, terminal));
    });
}
