import { randomBytes, randomUUID } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';

/** What the API asks for at least. */
const MIN_LENGTH = 32;

/**
 * The secret that the letters of the arms in closed reports follow from: of the environment, or else of a file in the data
 * folder, which is made when there is none.
 * @throws {Error} a sentence for the user when there is a file, and it is broken: a new secret would silently give arms
 * other letters than they had in the committee's earlier reports
 */
export function prepareMaskingSecret(dataDir, env = process.env) {
  if (env.CAIRN_MASKING_SECRET) return env.CAIRN_MASKING_SECRET;
  const file = path.join(dataDir, 'masking-secret');
  if (!fs.existsSync(file)) write(file, `${randomBytes(32).toString('base64url')}\n`);
  const secret = fs.readFileSync(file, 'utf8').trim();
  if (secret.length < MIN_LENGTH) {
    throw new Error(
      `${file} holds no secret. Bring it back from a copy, or remove it: then arms may have other letters than in earlier reports.`,
    );
  }
  return secret;
}

/** Whole or not at all, and from its first byte readable by nobody else. */
function write(file, text) {
  const draft = path.join(path.dirname(file), `.masking-secret.${randomUUID()}`);
  try {
    fs.writeFileSync(draft, text, { mode: 0o600, flag: 'wx', flush: true });
    fs.renameSync(draft, file);
  } catch (error) {
    fs.rmSync(draft, { force: true });
    throw error;
  }
}
