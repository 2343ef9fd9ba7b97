import path from 'node:path';
import { inRoot } from '../workspace/root.mjs';

/**
 * What `npm start` can be told by the environment. All mistakes are reported at once.
 *
 * CAIRN_DATA_DIR  where the data are kept (.cairn in the repository)
 * HOST, PORT      where the API listens (127.0.0.1, 4000)
 * PROJECTOR_PORT  where the projector answers health checks (the port after PORT)
 * ALERTER_PORT    where the alerter answers health checks (the port two after PORT)
 * DATABASE_URL    a PostgreSQL 15 or newer to use instead of the embedded one
 * API_DATABASE_URL, PROJECTOR_DATABASE_URL, ALERTER_DATABASE_URL
 *                 the same database, as a login that may become that service's role and no other
 * RESTORE_DATABASE_URL
 *                 the same database, as a login that may restore exported logs and nothing else
 * CAIRN_MASKING_SECRET
 *                 what the letters of the arms in closed reports follow from (a file in the data folder)
 * CAIRN_WEBHOOK_SECRET
 *                 what the secrets of webhooks follow from (a file in the data folder)
 * KAFKA_BROKERS   where alerts are published; what goes with it, the alerter reads itself
 * CAIRN_SIGNING_KEYS
 *                 the key ring that the log is signed with (signing-keys.json in the data folder)
 * CAIRN_PROOFS    "off" leaves the log unsigned
 * CAIRN_KEYS      "file", or "vault" with what goes with it, which the API reads itself
 * CAIRN_KEYS_DIR  the folder of the keys for free text (keys in the data folder)
 * CAIRN_ERASURES_DIR
 *                 the folder of the list of erasures, better on another disk (erasures in the data folder)
 * CAIRN_DEMO      "off" leaves the demo out: two tenants with people and a trial each
 * PUBLIC_URL      where browsers reach the API (where it listens)
 * OIDC_ISSUER     whose tokens are believed instead of the embedded issuer's; what goes with it, the API reads itself
 */
export function readSettings(env = process.env) {
  const mistakes = [];
  const port = readPort('PORT', env.PORT || '4000', mistakes);
  // A PORT that is none has no port after it, which would only be reported as a second mistake.
  const beside = (name, distance) =>
    env[name] || !Number.isNaN(port) ? readPort(name, env[name] || String(port + distance), mistakes) : port;
  const projectorPort = beside('PROJECTOR_PORT', 1);
  const alerterPort = beside('ALERTER_PORT', 2);
  const ports = [
    ['PORT', port],
    ['PROJECTOR_PORT', projectorPort],
    ['ALERTER_PORT', alerterPort],
  ];
  for (const [index, [name, number]] of ports.entries()) {
    const same = ports.slice(0, index).find(([, other]) => other === number);
    if (same) mistakes.push(`${same[0]} and ${name} are both ${number}; they must differ.`);
  }
  const databaseUrl = readDatabaseUrl('DATABASE_URL', env, mistakes);
  const apiDatabaseUrl = readDatabaseUrl('API_DATABASE_URL', env, mistakes);
  const projectorDatabaseUrl = readDatabaseUrl('PROJECTOR_DATABASE_URL', env, mistakes);
  const alerterDatabaseUrl = readDatabaseUrl('ALERTER_DATABASE_URL', env, mistakes);
  if (!databaseUrl && (apiDatabaseUrl || projectorDatabaseUrl || alerterDatabaseUrl)) {
    mistakes.push(
      'API_DATABASE_URL, PROJECTOR_DATABASE_URL and ALERTER_DATABASE_URL go with DATABASE_URL; the embedded server has its own.',
    );
  }
  const demo = env.CAIRN_DEMO || 'on';
  if (demo !== 'on' && demo !== 'off') mistakes.push(`CAIRN_DEMO is "${demo}"; it may be "on" or "off".`);
  const publicUrl = env.PUBLIC_URL || undefined;
  if (publicUrl && !/^https?:$/.test(URL.parse(publicUrl)?.protocol ?? '')) {
    mistakes.push('PUBLIC_URL must begin with http:// or https://.');
  }
  if (mistakes.length > 0) throw new Error(mistakes.join('\n'));
  const dataDir = path.resolve(env.INIT_CWD ?? '.', env.CAIRN_DATA_DIR || inRoot('.cairn'));
  const host = env.HOST || '127.0.0.1';
  const ownIssuer = !env.OIDC_ISSUER;
  return {
    host,
    port,
    projectorPort,
    alerterPort,
    databaseUrl,
    apiDatabaseUrl,
    projectorDatabaseUrl,
    alerterDatabaseUrl,
    publicUrl: (publicUrl ?? urlOf(host, port)).replace(/\/$/, ''),
    ownIssuer,
    // Its people are the embedded issuer's.
    demo: demo === 'on' && ownIssuer,
    dataDir,
    // Keys that are elsewhere need no folder.
    erasuresDir: path.resolve(env.INIT_CWD ?? '.', env.CAIRN_ERASURES_DIR || path.join(dataDir, 'erasures')),
    keysDir:
      env.CAIRN_KEYS === 'vault'
        ? undefined
        : path.resolve(env.INIT_CWD ?? '.', env.CAIRN_KEYS_DIR || path.join(dataDir, 'keys')),
  };
}

function readPort(name, text, mistakes) {
  const port = Number(text);
  if (/^\d+$/.test(text) && port >= 1 && port <= 65_535) return port;
  mistakes.push(`${name} is "${text}"; it must be a whole number from 1 to 65535.`);
  return Number.NaN;
}

function readDatabaseUrl(name, env, mistakes) {
  const url = env[name] || undefined;
  if (url && !/^postgres(ql)?:\/\//.test(url)) {
    mistakes.push(`${name} must begin with postgres:// or postgresql://.`);
  } else if (url && !URL.canParse(url)) {
    mistakes.push(`${name} is no URL; special characters in a password are percent-encoded.`);
  }
  return url;
}

/** Where this machine reaches a server that listens on that host; "any address" is no destination. */
export function urlOf(host, port) {
  const destination = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host;
  return `http://${destination.includes(':') ? `[${destination}]` : destination}:${port}`;
}
