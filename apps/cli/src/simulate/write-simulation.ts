import { createWriteStream } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { bundleOf, type Cell, type SimulatedFile, type SimulatedTrial } from '@cairn/simulation';
import { TRIAL_FILE } from '../bundle/trial-file.js';
import { makeEmptyFolder } from '../empty-folder.js';

/** How many rows a file got. */
export interface WrittenFile {
  readonly file: string;
  readonly rows: number;
}

/** Lines are written so many together. */
const LINES_AT_ONCE = 500;

/**
 * Writes a simulated trial as a bundle, row by row: what it takes does not grow with the trial.
 * @throws UsageError when the folder is not empty
 */
export async function writeSimulation(trial: SimulatedTrial, directory: string): Promise<readonly WrittenFile[]> {
  await makeEmptyFolder(directory);
  const bundle = bundleOf(trial);
  await writeFile(path.join(directory, TRIAL_FILE), `${JSON.stringify(bundle.trial, null, 2)}\n`, { flag: 'wx' });
  const written: WrittenFile[] = [];
  for (const file of bundle.files) {
    let rows = 0;
    const lines = csv(file, () => rows++);
    await pipeline(Readable.from(lines), createWriteStream(path.join(directory, file.file), { flags: 'wx' }));
    written.push({ file: file.file, rows });
  }
  return written;
}

function* csv({ columns, rows }: SimulatedFile, onRow: () => void): Generator<string> {
  let text = `${columns.join(',')}\n`;
  let lines = 0;
  for (const row of rows()) {
    text += `${row.map(cell).join(',')}\n`;
    onRow();
    if (++lines % LINES_AT_ONCE !== 0) continue;
    yield text;
    text = '';
  }
  yield text;
}

/** As RFC 4180 has it and nothing more: what is written must be read as it is. */
function cell(value: Cell): string {
  const text = value === undefined ? '' : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
