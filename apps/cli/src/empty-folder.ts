import * as fs from 'node:fs/promises';
import { UsageError } from './exit-code.js';

/** Makes sure that a folder is there and empty, so that nothing of somebody's is written over. @throws UsageError */
export async function makeEmptyFolder(directory: string): Promise<void> {
  try {
    await fs.mkdir(directory, { recursive: true });
    if ((await fs.readdir(directory)).length === 0) return;
  } catch (error) {
    throw new UsageError(`${directory} cannot be written: ${(error as NodeJS.ErrnoException).code}`);
  }
  throw new UsageError(`${directory} is not empty`);
}
