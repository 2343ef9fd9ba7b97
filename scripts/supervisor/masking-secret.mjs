import { prepareSecretFile } from './secret-file.mjs';

/**
 * The secret that the letters of the arms in closed reports follow from: of the environment, or else of a file in the data
 * folder, which is made when there is none.
 * @throws {Error} a sentence for the user when there is a file, and it is broken: a new secret would silently give arms
 * other letters than they had in the committee's earlier reports
 */
export const prepareMaskingSecret = (dataDir, env = process.env) =>
  env.CAIRN_MASKING_SECRET ||
  prepareSecretFile(dataDir, 'masking-secret', 'arms may have other letters than in earlier reports');
