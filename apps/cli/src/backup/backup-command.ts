import * as fs from 'node:fs/promises';
import path from 'node:path';
import { parseVerifierKey, verifierKey, verifierKeyText, type VerifierKey } from '@cairn/audit';
import { EventStoreUnavailable } from '@cairn/event-sourcing';
import {
  BackupSource,
  DirectoryInUse,
  isPassing,
  leaseDirectory,
  LogNotEmpty,
  MigrationFailed,
  NoLog,
  RestoreUnderWay,
  useEmbeddedPostgres,
} from '@cairn/platform';
import { readKeyRing } from '@cairn/platform/signing';
import type { Configuration } from '../configuration.js';
import { ExitCode, ServerUnreachable, UsageError } from '../exit-code.js';
import { grouped, type Terminal } from '../terminal.js';
import { type PlacedStone, readChain } from './chain.js';
import { makeStone } from './make-stone.js';
import { BackupDamaged, BackupUnusable } from './problem.js';
import { restoreBackup } from './restore-backup.js';
import { goThroughBackup, type VerifiedBackup } from './verify-backup.js';

/** How a look at a backup ends. */
export const BackupExit = { sound: 0, damaged: 1, unusable: 2 } as const;
export type BackupExit = (typeof BackupExit)[keyof typeof BackupExit];

/** `cairn backup --out DIR`: what is new since the last run, as a further stone. */
export async function backupCommand(
  directory: string,
  configuration: Configuration,
  terminal: Terminal,
): Promise<ExitCode> {
  await explained(() => fs.mkdir(directory, { recursive: true, mode: 0o700 }));
  const lease = await explained(() => leaseDirectory(directory));
  try {
    const before = await stonesSoFar(directory);
    const keys = await publicKeys(configuration);
    const began = performance.now();
    const { stone, events, bytes } = await withDatabase(configuration, async (url) => {
      const source = await BackupSource.open(url);
      try {
        return await makeStone(directory, before, source, { keys, now: new Date() });
      } finally {
        await source.close();
      }
    });
    const seconds = ((performance.now() - began) / 1_000).toFixed(1);
    const { out, err } = terminal;
    out.write(
      `Stone ${stone.number} of ${directory}: ${grouped(Number(events))} new events, ${grouped(bytes)} bytes, `,
    );
    out.write(`${seconds} s.\n`);
    if (keys.length === 0) {
      err.write(
        'The public keys of whoever signs the logs are not known here: give them when verifying, with --key.\n',
      );
    }
    return ExitCode.done;
  } finally {
    await lease.release();
  }
}

/** `cairn backup verify DIR`: whether a backup is what was made, and its events what was signed. No server is asked. */
export async function verifyBackupCommand(
  directory: string,
  given: readonly string[],
  terminal: Terminal,
): Promise<BackupExit> {
  const keys = keysOf(given);
  return told(terminal, async () => {
    const found = await goThroughBackup(await readChain(directory), keys);
    sayFound('Sound', found, terminal);
    if (keys === undefined && found.logs.some(({ signed }) => signed > 0n)) {
      terminal.err.write(
        'The keys came with the backup: --key with one from elsewhere tells whether they are the right ones.\n',
      );
    }
  });
}

/** `cairn restore --from DIR`: a backup into an empty database, whole or not at all. */
export async function restoreBackupCommand(
  directory: string,
  given: readonly string[],
  configuration: Configuration,
  terminal: Terminal,
): Promise<BackupExit | typeof ExitCode.serverUnreachable> {
  const keys = keysOf(given);
  return told(terminal, async () => {
    const chain = await readChain(directory);
    const began = performance.now();
    const found = await withDatabase(configuration, (url) => restoreBackup(chain, url, keys));
    sayFound('Restored', found, terminal);
    terminal.out.write(
      `It took ${((performance.now() - began) / 1_000).toFixed(1)} s. Read models are made again at the next start.\n`,
    );
  });
}

/** Runs with the database of the configuration: the one that is named, or the embedded one, which is started if need be. */
async function withDatabase<Result>(
  { database, dataDir }: Configuration,
  work: (url: string) => Promise<Result>,
): Promise<Result> {
  return explained(async () => {
    if (database.migrate !== undefined) return work(database.migrate);
    const embedded = await useEmbeddedPostgres(dataDir);
    try {
      return await work(embedded.url);
    } finally {
      await embedded.release();
    }
  });
}

/** What is said of files and folders, and of no connection that was there once. */
const OF_FILES = ['EACCES', 'EDQUOT', 'EFBIG', 'EIO', 'ENOENT', 'ENOSPC', 'ENOTDIR', 'EPERM', 'EROFS'];

async function explained<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof EventStoreUnavailable) throw new ServerUnreachable(error.message);
    if (error instanceof LogNotEmpty) {
      throw new UsageError('the database is not empty: a backup is restored into one that holds no log');
    }
    const { code, syscall, message } = error as NodeJS.ErrnoException;
    if (syscall !== 'connect' && OF_FILES.includes(code ?? '')) {
      throw new UsageError(`files cannot be read or written: ${message}`);
    }
    if (isPassing(error)) throw new ServerUnreachable(`the database cannot be reached: ${message || code}`);
    const known = [DirectoryInUse, MigrationFailed, NoLog, RestoreUnderWay].some((kind) => error instanceof kind);
    throw known ? new UsageError((error as Error).message) : error;
  }
}

async function told(terminal: Terminal, work: () => Promise<void>): Promise<BackupExit> {
  try {
    await work();
    return BackupExit.sound;
  } catch (error) {
    if (error instanceof BackupDamaged) {
      terminal.out.write(`DAMAGED: ${error.message}\n`);
      return BackupExit.damaged;
    }
    if (error instanceof BackupUnusable) throw new UsageError(error.message);
    throw error;
  }
}

function sayFound(what: string, { stone, logs }: VerifiedBackup, { out }: Terminal): void {
  const events = logs.reduce((sum, log) => sum + log.events, 0n);
  out.write(
    `${what}: ${grouped(Number(events))} events of ${logs.length} tenants, as of ${stone.takenAt} (stone ${stone.number}).\n`,
  );
  for (const { tenant, events: all, signed, root } of logs) {
    const head = root === undefined ? 'nothing of it was signed' : `signed up to ${signed}, tree head ${root}`;
    out.write(`${tenant}: ${grouped(Number(all))} events; ${head}\n`);
  }
}

/** @throws UsageError when what is there is no backup to go on with */
async function stonesSoFar(directory: string): Promise<readonly PlacedStone[]> {
  const names = (await fs.readdir(directory)).filter((name) => !name.startsWith('.'));
  if (names.length === 0) return [];
  try {
    return await readChain(directory);
  } catch (error) {
    if (!(error instanceof BackupDamaged || error instanceof BackupUnusable)) throw error;
    throw new UsageError(`${error.message} Nothing is added to it; begin a new folder.`);
  }
}

/** Public keys of whoever signs the logs: those that are named, or of the ring on this machine; none where neither is. */
async function publicKeys({ signingKeys, verifierKeys }: Configuration): Promise<readonly string[]> {
  if (verifierKeys !== undefined) return verifierKeys;
  try {
    const { name, keys } = await readKeyRing(path.resolve(signingKeys));
    return keys.map((key) => verifierKeyText(verifierKey(name, Buffer.from(key.public, 'base64'))));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw new UsageError(`the key ring ${signingKeys} cannot be read: ${(error as Error).message}`);
  }
}

function keysOf(texts: readonly string[]): readonly VerifierKey[] | undefined {
  if (texts.length === 0) return undefined;
  return texts.map((text) => {
    const key = parseVerifierKey(text);
    if (!key) throw new UsageError(`${text} is no verifier key (name+id+base64)`);
    return key;
  });
}
