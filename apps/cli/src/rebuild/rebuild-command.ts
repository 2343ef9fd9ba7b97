import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { ExitCode, UsageError } from '../exit-code.js';
import { ask, GraphqlError, type Server } from '../server/server.js';
import { startProgress, type Terminal } from '../terminal.js';

const ReadModel = z.object({
  name: z.string(),
  state: z.string(),
  version: z.number(),
  position: z.string(),
  complete: z.boolean(),
  reason: z.string().nullish(),
  rebuildProgress: z.number().nullish(),
});
const FIELDS = 'name state version position complete reason rebuildProgress';
const ReadModels = z.object({ readModels: z.array(ReadModel) });
const Rebuilt = z.object({ rebuildReadModel: ReadModel });

const POLL_MS = 250;

const readModels = async (server: Server) =>
  (await ask(server, `{ readModels { ${FIELDS} } }`, {}, ReadModels)).readModels;

/**
 * `cairn rebuild`: builds read models anew from the log, beside the ones that serve, and waits until they are swapped in.
 * @param name a read model's, or `all`
 * @throws UsageError for a read model that the server does not have
 * @throws ServerUnreachable
 */
export async function rebuildCommand(name: string, server: Server, terminal: Terminal): Promise<ExitCode> {
  const known = (await readModels(server)).map((model) => model.name);
  if (name !== 'all' && !known.includes(name)) {
    throw new UsageError(`there is no read model ${name}; there are ${known.join(', ')} (or all)`);
  }
  for (const each of name === 'all' ? known : [name]) {
    const startedAt = performance.now();
    try {
      const mutation = `mutation($name: ID!) { rebuildReadModel(name: $name) { ${FIELDS} } }`;
      await ask(server, mutation, { name: each }, Rebuilt);
    } catch (error) {
      if (error instanceof GraphqlError) throw new UsageError(error.message);
      throw error;
    }
    const progress = startProgress(terminal.err, `Rebuilding ${each}`, 1_000);
    try {
      for (;;) {
        const model = (await readModels(server)).find((candidate) => candidate.name === each);
        if (!model) throw new UsageError(`the read model ${each} is gone`);
        // A halted read model is rebuilt to get it going again; it counts as halted only when nothing is being built.
        if (model.state === 'HALTED' && model.rebuildProgress == null) {
          terminal.err.write(`${each} is halted: ${model.reason ?? 'no reason is given'}\n`);
          return ExitCode.rowsRefused;
        }
        if (model.state === 'RUNNING') {
          progress.stop();
          const seconds = ((performance.now() - startedAt) / 1_000).toFixed(1);
          const parts = model.complete ? '' : `, without some events: ${model.reason ?? 'no reason is given'}`;
          terminal.out.write(`${each} rebuilt up to position ${model.position} in ${seconds} s${parts}\n`);
          break;
        }
        progress.update(Math.round((model.rebuildProgress ?? 0) * 1_000), 'reading the log');
        await delay(POLL_MS);
      }
    } finally {
      progress.stop();
    }
  }
  return ExitCode.done;
}
