import { randomBytes, randomUUID } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';

/** What the services ask for at least. */
const MIN_LENGTH = 32;

/**
 * A secret of a file in the data folder, which is made when there is none.
 * @param {string} dataDir
 * @param {string} name of the file
 * @param {string} loss what happens with another secret, for a sentence
 * @throws {Error} a sentence for the user when there is a file, and it is broken: nothing is lost silently
 */
export function prepareSecretFile(dataDir, name, loss) {
  const file = path.join(dataDir, name);
  if (!fs.existsSync(file)) write(file, `${randomBytes(32).toString('base64url')}\n`);
  const secret = fs.readFileSync(file, 'utf8').trim();
  if (secret.length < MIN_LENGTH) {
    throw new Error(`${file} holds no secret. Bring it back from a copy, or remove it: then ${loss}.`);
  }
  return secret;
}

/** Whole or not at all, and from its first byte readable by nobody else. */
function write(file, text) {
  const draft = path.join(path.dirname(file), `.${path.basename(file)}.${randomUUID()}`);
  try {
    fs.writeFileSync(draft, text, { mode: 0o600, flag: 'wx', flush: true });
    fs.renameSync(draft, file);
  } catch (error) {
    fs.rmSync(draft, { force: true });
    throw error;
  }
}
