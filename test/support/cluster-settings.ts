import fs from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import type { ServiceUrls } from '@cairn/platform';
import { prepareKeyRing } from '@cairn/platform/signing';
import { testIssuer, type TestIssuer } from './issuer.js';
import { MASKING_SECRET } from './running-api.js';

/** What every instance of every service is told, wherever it runs. */
export interface ClusterSettings {
  readonly issuer: TestIssuer;
  readonly environment: Readonly<Record<'api' | 'projector' | 'alerter', Readonly<Record<string, string>>>>;
  remove(): Promise<void>;
}

export async function clusterSettings(urls: ServiceUrls): Promise<ClusterSettings> {
  const folder = await fs.mkdtemp(path.join(os.tmpdir(), 'cairn-cluster-'));
  const signingKeys = path.join(folder, 'signing-keys.json');
  await prepareKeyRing(signingKeys, new Date());
  const issuer = await testIssuer({ url: 'http://127.0.0.1:4000/oidc' });
  return {
    issuer,
    environment: {
      api: {
        DATABASE_URL: urls.api,
        RESTORE_DATABASE_URL: urls.restore,
        ISSUER_FILE: issuer.file,
        CAIRN_MASKING_SECRET: MASKING_SECRET,
        CAIRN_KEYS_DIR: path.join(folder, 'keys'),
        CAIRN_SIGNING_KEYS: signingKeys,
        // A test asks faster than people do.
        TENANT_COMMANDS_PER_MINUTE: '1000000',
        TENANT_QUERY_COST_PER_SECOND: '100000',
        TENANT_REQUESTS_IN_FLIGHT: '200',
      },
      projector: { DATABASE_URL: urls.projector, CAIRN_SIGNING_KEYS: signingKeys },
      alerter: { DATABASE_URL: urls.alerter },
    },
    remove: async () => {
      await issuer.remove();
      await fs.rm(folder, { recursive: true, force: true });
    },
  };
}
