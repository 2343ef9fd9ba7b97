import fs from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { httpSource, storedTiles } from '../export/http-source.js';
import { writeBundle } from '../export/write-bundle.js';
import type { Server } from '../server/server.js';
import type { Terminal } from '../terminal.js';
import { compareTree } from './stored-tree.js';
import { verifyCommand, type VerifyCommandOptions, type VerifyExit } from './verify-command.js';

/**
 * `cairn verify --trial`: whether what a server has of a trial is as it was signed, and the tree that it makes proofs of too.
 * @throws UsageError
 * @throws ServerUnreachable
 */
export async function verifyTrial(
  trial: string,
  server: Server,
  options: VerifyCommandOptions,
  terminal: Terminal,
): Promise<VerifyExit> {
  const directory = await fs.mkdtemp(path.join(os.tmpdir(), 'cairn-verify-'));
  try {
    await writeBundle(directory, httpSource(server, trial), { trial });
    return await verifyCommand(directory, options, terminal, ({ manifest: { size } }) =>
      compareTree(directory, storedTiles(server, trial, size)),
    );
  } finally {
    await fs.rm(directory, { recursive: true, force: true });
  }
}
