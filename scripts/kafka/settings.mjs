import path from 'node:path';
import { inRoot } from '../workspace/root.mjs';

/**
 * What `npm run kafka` can be told by the environment.
 *
 * CAIRN_DATA_DIR  where the broker and its data are kept, in `kafka` (.cairn in the repository)
 * KAFKA_PORT      where it listens, on this machine only (9092)
 * @throws {Error} a sentence for the user
 */
export function readKafkaSettings(env = process.env) {
  const text = env.KAFKA_PORT || '9092';
  const port = Number(text);
  if (!/^\d+$/.test(text) || port < 1 || port > 65_535) {
    throw new Error(`KAFKA_PORT is "${text}"; it must be a whole number from 1 to 65535.`);
  }
  return { dir: path.resolve(env.INIT_CWD ?? '.', env.CAIRN_DATA_DIR || inRoot('.cairn'), 'kafka'), port };
}
