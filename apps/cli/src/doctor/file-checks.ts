import fs from 'node:fs/promises';
import path from 'node:path';
import { InvalidKeyRing, readKeyRing } from '@cairn/platform/signing';
import { readStone } from '../backup/stone.js';
import { type Finding, found, nameOf } from './finding.js';

/** Others than the owner can read or change it. */
const OTHERS = 0o077;

/** The key ring can be used, and by nobody else. */
export async function keyRing(file: string | undefined): Promise<Finding> {
  if (file === undefined) return found('KEY_RING', 'warning', 'CAIRN_PROOFS is off: the log is not signed.');
  try {
    await readKeyRing(file);
    const { mode } = await fs.stat(file);
    if ((mode & OTHERS) !== 0) return found('KEY_RING', 'problem', 'Others than its owner can read the key ring.');
    return found('KEY_RING', 'ok', 'The key ring can be read, by its owner only.');
  } catch (error) {
    const why = error instanceof InvalidKeyRing ? 'it is none' : nameOf(error);
    return found('KEY_RING', 'problem', `The key ring cannot be used (${why}).`);
  }
}

/** The keys of free text are there, for nobody else. */
export async function keysFolder(dir: string | undefined): Promise<Finding> {
  if (dir === undefined) return found('KEYS_FOLDER', 'ok', 'The keys to free text are in a vault.');
  try {
    const { mode } = await fs.stat(dir);
    await fs.access(dir, fs.constants.R_OK | fs.constants.W_OK);
    if ((mode & OTHERS) !== 0) return found('KEYS_FOLDER', 'problem', 'Others than their owner can read the keys.');
    return found('KEYS_FOLDER', 'ok', 'The keys to free text can be read and written, by their owner only.');
  } catch (error) {
    // It is made with the first free text.
    if (nameOf(error) === 'ENOENT')
      return found('KEYS_FOLDER', 'warning', 'There is no folder of keys to free text yet.');
    return found('KEYS_FOLDER', 'problem', `The folder of keys cannot be used (${nameOf(error)}).`);
  }
}

/** How old the newest stone of a backup is. */
export async function backup(
  given: { readonly dir: string; readonly hours: number } | undefined,
  now: number,
): Promise<Finding> {
  if (given === undefined) return found('BACKUP', 'unknown', 'Where backups are was not said (--backup).');
  try {
    const newest = (await fs.readdir(given.dir))
      .filter((name) => /^\d{6}$/.test(name))
      .toSorted()
      .at(-1);
    if (newest === undefined) return found('BACKUP', 'problem', 'There is no backup in the folder.');
    const read = readStone(await fs.readFile(path.join(given.dir, newest, 'stone.json'), 'utf8'));
    if (!read) return found('BACKUP', 'problem', 'The newest stone of the backup is not what was written.');
    const hours = (now - Date.parse(read.stone.takenAt)) / 3_600_000;
    const what = `The newest backup is ${Math.max(0, hours).toFixed(1)} hours old.`;
    return found('BACKUP', hours > given.hours ? 'problem' : 'ok', what);
  } catch (error) {
    return found('BACKUP', 'problem', `The backup cannot be read (${nameOf(error)}).`);
  }
}
