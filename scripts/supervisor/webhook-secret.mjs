import { prepareSecretFile } from './secret-file.mjs';

/**
 * The secret that the secrets of webhooks follow from: of the environment, or else of a file in the data folder, which is made
 * when there is none.
 * @throws {Error} a sentence for the user when there is a file, and it is broken: with a new secret no receiver would believe
 * what is sent
 */
export const prepareWebhookSecret = (dataDir, env = process.env) =>
  env.CAIRN_WEBHOOK_SECRET ||
  prepareSecretFile(dataDir, 'webhook-secret', 'every receiver of webhooks needs its new secret');
