import path from 'node:path';
import { prepareKeyRing } from '@cairn/platform/signing';

/**
 * Sees to the key ring that the log is signed with: the one of the environment, or else a file in the data folder, which is
 * made when there is none.
 * @returns {Promise<string>} the file; empty when the log is not to be signed
 */
export async function prepareSigningKeys(dataDir, env = process.env) {
  if (env.CAIRN_PROOFS === 'off') return '';
  const file = env.CAIRN_SIGNING_KEYS || path.join(dataDir, 'signing-keys.json');
  await prepareKeyRing(file, new Date());
  return file;
}
