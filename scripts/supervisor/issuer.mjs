import path from 'node:path';
import { prepareIssuerFile } from '@cairn/platform/identity';
import { demoTenants } from './demo-tenants.mjs';

/**
 * Sees to the file of the embedded issuer: its keys, and whom it knows, all of them of the demo.
 * @returns {Promise<{ file: string, content: object, secrets: readonly string[] }>} `secrets` are lines that can be shown
 * only now, because the file keeps hashes
 */
export async function prepareIssuer({ dataDir, publicUrl, demo }) {
  const tenants = demo ? demoTenants : [];
  const file = path.join(dataDir, 'issuer.json');
  const prepared = await prepareIssuerFile(file, {
    url: `${publicUrl}/oidc`,
    people: tenants.flatMap(({ tenant, administrator, manager, people }) =>
      [administrator, manager, ...people].map(({ person, name }) => ({ person, name, tenant })),
    ),
    clients: tenants.flatMap(({ tenant, machines }) =>
      machines.map(({ person: client, name, scopes }) => ({ client, name, tenant, scopes })),
    ),
  });
  return { file, content: prepared.file, secrets: secretsOf(prepared) };
}

const secretsOf = ({ password, clientSecrets }) => [
  ...(password === undefined ? [] : [`password of everybody in the demo, like manager@enrich.example: ${password}`]),
  ...[...clientSecrets].map(([client, secret]) => `secret of the machine ${client}: ${secret}`),
];
