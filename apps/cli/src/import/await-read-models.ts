import { z } from 'zod';
import { ask, GraphqlError, type Server } from '../server/server.js';
import type { Progress } from '../terminal.js';

const Caught = z.object({ trial: z.object({ head: z.string() }).nullable() });
const States = z.object({
  readModels: z.array(z.object({ name: z.string(), state: z.string(), reason: z.string().nullish() })),
});

/** Asked again and again for so long; each time the server itself waits for some seconds. */
const PATIENCE_MS = 15 * 60_000;

/**
 * Waits until what is read from the server includes a position.
 * @returns a sentence when that does not come about: a read model is halted, or is far behind
 * @throws ServerUnreachable
 */
export async function awaitReadModels(
  server: Server,
  trial: string,
  position: string,
  progress: Progress,
): Promise<string | undefined> {
  const until = Date.now() + PATIENCE_MS;
  progress.update(Number.MAX_SAFE_INTEGER, 'waiting for the read models');
  while (Date.now() < until) {
    try {
      const query = 'query($trial: ID!, $position: Position) { trial(id: $trial, minPosition: $position) { head } }';
      await ask(server, query, { trial, position }, Caught);
      return undefined;
    } catch (error) {
      if (!(error instanceof GraphqlError) || error.code !== 'READ_MODEL_BEHIND') throw error;
    }
    const { readModels } = await ask(server, '{ readModels { name state reason } }', {}, States);
    const halted = readModels.find((model) => model.state === 'HALTED');
    if (halted) return `The read model ${halted.name} is halted: ${halted.reason ?? 'no reason is given'}.`;
  }
  return 'The read models are still behind; what was imported will show later.';
}
