import { ExitCode } from '../exit-code.js';
import type { Server } from '../server/server.js';
import { grouped, type Terminal } from '../terminal.js';
import { httpSource } from './http-source.js';
import { writeBundle } from './write-bundle.js';

export interface ExportOptions {
  /** A folder that is empty, or not there. */
  readonly out: string;
  readonly cut?: string;
}

/**
 * `cairn export`: a trial's log with what was signed of it.
 * @throws UsageError
 * @throws ServerUnreachable
 */
export async function exportCommand(
  trial: string,
  server: Server,
  { out, cut }: ExportOptions,
  terminal: Terminal,
): Promise<ExitCode> {
  const { size, root } = await writeBundle(out, httpSource(server, trial), { trial, cut });
  terminal.out.write(`Exported: ${grouped(size)} events of the trial ${trial} in ${out}.\nTree head: ${root}\n`);
  terminal.err.write(`Nothing of it was checked; cairn verify ${out} does that.\n`);
  return ExitCode.done;
}
