import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** The repository's top folder. */
export const root = fileURLToPath(new URL('../..', import.meta.url)).replace(/[\\/]$/, '');

/** A file or folder of the repository, by its path from the top. */
export const inRoot = (...parts) => path.join(root, ...parts);
