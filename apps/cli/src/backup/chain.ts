import * as fs from 'node:fs/promises';
import path from 'node:path';
import { BundleFiles } from '../verify/bundle-files.js';
import { BundleUnreadable } from '../verify/problem.js';
import { BackupDamaged, BackupUnusable } from './problem.js';
import { readStone, type Stone, STONE_FILE, stoneName } from './stone.js';

/** A stone and the files that it brings. */
export interface PlacedStone {
  readonly stone: Stone;
  readonly sha256: string;
  readonly files: BundleFiles;
  /** A file's path within the backup, for people. */
  readonly pathOf: (file: string) => string;
}

/**
 * The stones of a backup from the first on. What interrupted runs left is passed over: a stone is there under its number, or not.
 * @throws BackupDamaged when one is missing, changed, or of another backup
 * @throws BackupUnusable when there is none, or a file system does not let it be read
 */
export async function readChain(directory: string): Promise<readonly PlacedStone[]> {
  const numbers = await stoneNumbers(directory);
  if (numbers.length === 0) throw new BackupUnusable(`${directory} holds no backup`);
  const chain: PlacedStone[] = [];
  for (const [index, number] of numbers.entries()) {
    const name = stoneName(number);
    if (number !== index + 1) throw new BackupDamaged(stoneName(index + 1), `${stoneName(index + 1)} is missing.`);
    const files = new BundleFiles(path.join(directory, name));
    const pathOf = (file: string): string => `${name}/${file}`;
    const read = readStone(await textOf(files, STONE_FILE, pathOf));
    if (!read) throw new BackupDamaged(pathOf(STONE_FILE), `${pathOf(STONE_FILE)} is not what was written.`);
    const before = chain.at(-1);
    const { stone } = read;
    if (stone.number !== number || stone.previous !== (before?.sha256 ?? null) || !isNextOf(stone, before?.stone)) {
      throw new BackupDamaged(
        pathOf(STONE_FILE),
        `${pathOf(STONE_FILE)} does not follow the stone before it: it is of another backup.`,
      );
    }
    chain.push({ ...read, files, pathOf });
  }
  return chain;
}

/** @throws BackupUnusable */
async function stoneNumbers(directory: string): Promise<readonly number[]> {
  let names: readonly string[];
  try {
    names = await fs.readdir(directory);
  } catch (error) {
    throw new BackupUnusable(`${directory} cannot be read (${(error as NodeJS.ErrnoException).code})`);
  }
  return names
    .filter((name) => /^\d{6}$/.test(name))
    .map(Number)
    .sort((a, b) => a - b);
}

/** Whether each log goes on where it was. */
function isNextOf(stone: Stone, before: Stone | undefined): boolean {
  if (before && (stone.backup !== before.backup || stone.takenAt < before.takenAt)) return false;
  const earlier = new Map(before?.logs.map((log) => [log.tenant, log]));
  const goesOn = stone.logs.every(({ tenant, from, to, signedFrom, signed }) => {
    const of = earlier.get(tenant);
    earlier.delete(tenant);
    return (
      from === (of?.to ?? '0') &&
      signedFrom === (of?.signed ?? '0') &&
      BigInt(from) <= BigInt(to) &&
      BigInt(signedFrom) <= BigInt(signed) &&
      BigInt(signed) <= BigInt(to)
    );
  });
  return goesOn && earlier.size === 0;
}

/** A small file of a stone. @throws BackupDamaged */
async function textOf(files: BundleFiles, file: string, pathOf: (file: string) => string): Promise<string> {
  try {
    return await files.text(file);
  } catch (error) {
    throw asDamage(error, pathOf(file));
  }
}

/** What is wrong with a file, told with its place in the backup. */
export function asDamage(error: unknown, file: string): unknown {
  if (!(error instanceof BundleUnreadable)) return error;
  return new BackupDamaged(file, error.code === 'FILE_MISSING' ? `${file} is missing.` : `${file}: ${error.message}`);
}
