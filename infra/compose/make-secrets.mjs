// Makes what docker-compose.yml needs and no repository may hold: passwords, keys, a certificate, the people of Keycloak.
//
//   node infra/compose/make-secrets.mjs [--domain cairn.localhost] [--port 8443] [--folder infra/compose]
//
// Everything goes to <folder>/secrets, which only its owner can enter; what is no secret to <folder>/../../.env (with --folder: to
// <folder>/.env). What is there already is left as it is, so that it may be called again. Needs openssl.
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { ensureBuilt } from '../../scripts/workspace/built.mjs';
import { ensureInstalled } from '../../scripts/workspace/installed.mjs';
import { continueOnSuitableNode } from '../../scripts/workspace/node-runtime.mjs';
import { inRoot } from '../../scripts/workspace/root.mjs';
import { realmOf, secret } from './realm.mjs';

const { values: given } = parseArgs({
  options: {
    domain: { type: 'string', default: 'cairn.localhost' },
    port: { type: 'string', default: '8443' },
    folder: { type: 'string' },
  },
});
await ensureInstalled();
await continueOnSuitableNode();
await ensureBuilt({ quiet: true });
const { prepareKeyRing } = await import('@cairn/platform/signing');
const { verifierKey, verifierKeyText } = await import('@cairn/audit');

const folder = given.folder ? path.resolve(given.folder, 'secrets') : inRoot('infra', 'compose', 'secrets');
const environment = given.folder ? path.resolve(given.folder, '.env') : inRoot('.env');
const publicUrl = `https://${given.domain}:${given.port}`;

// The folder keeps everybody else on this machine out. The files in it are mounted into containers, whose users are no users of
// this machine, so they can be read by whoever gets as far.
fs.mkdirSync(folder, { recursive: true, mode: 0o700 });
fs.chmodSync(folder, 0o700);

/** A file that stays as it is once it is there. @returns its content */
function keep(name, make) {
  const file = path.join(folder, name);
  if (!fs.existsSync(file)) fs.writeFileSync(file, `${make()}\n`, { mode: 0o444, flag: 'wx', flush: true });
  return fs.readFileSync(file, 'utf8').trim();
}

const postgresPassword = keep('postgres-password', secret);
keep('database-url', () => `postgres://postgres:${postgresPassword}@postgres:5432/cairn`);
for (const [service, login] of [
  ['api', 'cairn_api'],
  ['projector', 'cairn_projecting'],
  ['alerter', 'cairn_alerting'],
  ['restore', 'cairn_restoring'],
]) {
  keep(`database-url-${service}`, () => `postgres://${login}:${secret()}@postgres:5432/cairn`);
}
for (const name of ['masking-secret', 'webhook-secret', 'grafana-admin-password']) keep(name, secret);

const webSecret = keep('oidc-client-secret', secret);
const operatorSecret = keep('operator-client-secret', secret);
const databasePassword = keep('keycloak-database-password', secret);
keep('keycloak.conf', () =>
  [
    `hostname=https://id.${given.domain}:${given.port}`,
    'http-enabled=true',
    'proxy-headers=xforwarded',
    'cache=local',
    'db-url=jdbc:postgresql://postgres:5432/keycloak',
    'db-username=keycloak',
    `db-password=${databasePassword}`,
    'bootstrap-admin-username=admin',
    `bootstrap-admin-password=${secret()}`,
  ].join('\n'),
);

// People's passwords are kept beside the realm, which is only read when Keycloak's database is made.
const tenants = JSON.parse(fs.readFileSync(inRoot('infra', 'demo', 'tenants.json'), 'utf8'));
const everybody = tenants.flatMap(({ administrator, manager, people, machines }) =>
  [administrator, manager, ...people, ...machines].map(({ person }) => person),
);
const passwords = JSON.parse(
  keep('people.json', () => JSON.stringify(Object.fromEntries(everybody.map((id) => [id, secret()])), undefined, 2)),
);
keep('cairn-realm.json', () =>
  JSON.stringify(realmOf(tenants, { publicUrl, webSecret, operatorSecret, password: (id) => passwords[id] })),
);

const ring = path.join(folder, 'signing-keys.json');
const { name, keys } = await prepareKeyRing(ring, new Date());
fs.chmodSync(ring, 0o444);
const verifiers = keys.map((key) => verifierKeyText(verifierKey(name, Buffer.from(key.public, 'base64'))));

if (!fs.existsSync(path.join(folder, 'tls.pem'))) makeCertificate();
if (!fs.existsSync(environment)) {
  const example = fs.readFileSync(inRoot('.env.example'), 'utf8');
  const own = { CAIRN_DOMAIN: given.domain, CAIRN_PORT: given.port, CAIRN_VERIFIER_KEYS: verifiers.join(' ') };
  fs.writeFileSync(
    environment,
    example.replaceAll(/^(\w+)=.*$/gm, (line, key) => (key in own ? `${key}='${own[key]}'` : line)),
  );
}
console.log(`Secrets: ${folder}
People's passwords: ${path.join(folder, 'people.json')}
Cairn will be at ${publicUrl}, with a certificate that ${path.join(folder, 'ca.crt')} signed.`);

/** An authority of our own and a certificate for both names. One that browsers know takes its place as secrets/tls.pem. */
function makeCertificate() {
  const at = (file) => path.join(folder, file);
  const openssl = (...args) => execFileSync('openssl', args, { stdio: ['ignore', 'ignore', 'pipe'] });
  const ec = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  openssl(
    ...['req', '-x509', ...ec, '-days', '3650', '-subj', '/CN=Cairn on this host', '-keyout', at('ca.key')],
    ...[
      '-out',
      at('ca.crt'),
      '-addext',
      'basicConstraints=critical,CA:TRUE',
      '-addext',
      'keyUsage=critical,keyCertSign',
    ],
  );
  openssl('req', ...ec, '-subj', `/CN=${given.domain}`, '-keyout', at('tls.key'), '-out', at('tls.csr'));
  fs.writeFileSync(
    at('tls.ext'),
    `subjectAltName=DNS:${given.domain},DNS:id.${given.domain}\nextendedKeyUsage=serverAuth\n`,
  );
  openssl(
    ...['x509', '-req', '-in', at('tls.csr'), '-CA', at('ca.crt'), '-CAkey', at('ca.key'), '-days', '825'],
    ...['-extfile', at('tls.ext'), '-out', at('tls.crt')],
  );
  fs.writeFileSync(at('tls.pem'), fs.readFileSync(at('tls.crt'), 'utf8') + fs.readFileSync(at('tls.key'), 'utf8'));
  // The authority's key is for the next certificate, and for nobody else.
  fs.chmodSync(at('ca.key'), 0o400);
  for (const file of ['ca.crt', 'tls.pem']) fs.chmodSync(at(file), 0o444);
  for (const file of ['tls.key', 'tls.csr', 'tls.ext', 'tls.crt']) fs.rmSync(at(file));
}
