import { makeServiceLogins, migrate, startEmbeddedPostgres } from '@cairn/platform';
import { inRoot } from '../workspace/root.mjs';
import { takeDataFolder } from './data-folder.mjs';
import { loadDemo } from './demo.mjs';
import { prepareIssuer } from './issuer.mjs';
import { prepareMaskingSecret } from './masking-secret.mjs';
import { requireFreePort } from './port.mjs';
import { service } from './service.mjs';
import { readSettings, urlOf } from './settings.mjs';
import { prepareSigningKeys } from './signing-keys.mjs';
import { prepareWebhookSecret } from './webhook-secret.mjs';

/** A rebuild makes garbage by the page; with V8's own young generation its process takes some 120 MB more. */
const FLAGS = {
  projector: ['--max-semi-space-size=32', '--min-semi-space-size=16', '--no-parallel-scavenge'],
  // kafkajs asks for timers in the past, which is harmless.
  alerter: ['--disable-warning=TimeoutNegativeWarning'],
};

const say = (line) => console.log(`cairn: ${line}`);

/**
 * Runs the whole of Cairn until it is asked to end: PostgreSQL, then the services, then the demo trial; ends them in
 * the opposite order. A service that dies is restarted a few times; without its own PostgreSQL nothing goes on.
 * @returns {Promise<number>} the exit code: 0 after SIGINT, SIGTERM or SIGHUP when all ended by themselves, else 1
 */
export async function supervise() {
  // A terminal that went away must not stop the orderly end.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
  const run = { stopping: false, services: [], postgres: undefined, folder: undefined };
  const end = Promise.withResolvers();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => end.resolve(0));

  const started = start(run, (sentence) => end.resolve(sentence)).catch((error) => end.resolve(sentenceOf(error)));
  const outcome = await end.promise;
  run.stopping = true;
  if (outcome === 0) say('ending …');
  else console.error(`cairn: ${outcome}`);

  const willingly = await Promise.all(run.services.map((each) => each.stop()));
  await started;
  await run.postgres?.stop();
  run.folder?.release();
  return outcome === 0 && willingly.every(Boolean) ? 0 : 1;
}

async function start(run, fail) {
  const settings = readSettings();
  run.folder = await takeDataFolder(settings.dataDir);
  await requireFreePort('PORT', settings.host, settings.port);
  await requireFreePort('PROJECTOR_PORT', settings.host, settings.projectorPort);
  await requireFreePort('ALERTER_PORT', settings.host, settings.alerterPort);
  const issuer = settings.ownIssuer ? await prepareIssuer(settings) : undefined;
  const maskingSecret = prepareMaskingSecret(settings.dataDir);
  const webhookSecret = prepareWebhookSecret(settings.dataDir);
  const signingKeys = await prepareSigningKeys(settings.dataDir);
  // At once: whatever happens next, nobody can tell them again.
  if (issuer?.secrets.length > 0) console.log(secretsShown(issuer.secrets));
  if (run.stopping) return;

  if (!settings.databaseUrl) {
    run.postgres = await startEmbeddedPostgres({ dir: settings.dataDir });
    void run.postgres.exited.then(() => run.stopping || fail('PostgreSQL ended unexpectedly, so everything ends.'));
  }
  const databaseUrl = settings.databaseUrl ?? run.postgres.url;
  await migrate(databaseUrl);
  // The services of our own server connect as logins that may do no more than they have to.
  const databaseUrls = run.postgres
    ? await makeServiceLogins(databaseUrl)
    : {
        api: settings.apiDatabaseUrl ?? databaseUrl,
        projector: settings.projectorDatabaseUrl ?? databaseUrl,
        alerter: settings.alerterDatabaseUrl ?? databaseUrl,
        restore: process.env.RESTORE_DATABASE_URL || databaseUrl,
      };
  if (run.stopping) return;

  const env = {
    // In a terminal every routine line is noise; a service that is run by itself says more.
    LOG_LEVEL: 'warn',
    ...process.env,
    // Empty is how the environment says "not set": one of them is, and never both.
    ISSUER_FILE: issuer?.file ?? '',
    CAIRN_MASKING_SECRET: maskingSecret,
    CAIRN_WEBHOOK_SECRET: webhookSecret,
    CAIRN_KEYS_DIR: settings.keysDir ?? '',
    CAIRN_ERASURES_DIR: settings.erasuresDir,
    CAIRN_SIGNING_KEYS: signingKeys,
    HOST: settings.host,
    PORT: String(settings.port),
    PROJECTOR_PORT: String(settings.projectorPort),
    ALERTER_PORT: String(settings.alerterPort),
  };
  const define = (name, port) =>
    service({
      name,
      script: inRoot('apps', name, 'dist', 'main.js'),
      flags: FLAGS[name] ?? [],
      healthUrl: `${urlOf(settings.host, port)}/health`,
      env: {
        ...env,
        DATABASE_URL: databaseUrls[name],
        ...(name === 'api' && { RESTORE_DATABASE_URL: databaseUrls.restore }),
      },
      say,
      onProcess: () => run.folder.note(run.services.map((each) => each.pid()).filter((pid) => pid !== undefined)),
    });
  run.services = [
    define('projector', settings.projectorPort),
    define('alerter', settings.alerterPort),
    define('api', settings.port),
  ];
  for (const each of run.services) void each.givenUp.then(fail);
  await Promise.all(run.services.map((each) => each.start()));

  const url = urlOf(settings.host, settings.port);
  const troubles = settings.demo ? await loadDemo(url, issuer.content, () => run.stopping) : [];
  if (run.stopping) return;
  for (const trouble of troubles) console.error(`cairn: ${trouble}`);
  console.log(settings.demo ? invitation(url, settings) : `\n${ready(url)}\n${END}`);
}

const secretsShown = (secrets) => `
Shown only now, because only hashes are kept:
${secrets.map((line) => `  ${line}`).join('\n')}
`;

/** The command line makes its tokens with the issuer's file in the data folder. */
const where = (dataDir) => (dataDir === inRoot('.cairn') ? '' : `CAIRN_DATA_DIR=${dataDir} `);

const ready = (url) => `Cairn is ready: ${url} (GraphQL at ${url}/graphql)`;

const END = 'Ctrl-C ends everything.\n';

const invitation = (url, { publicUrl, dataDir }) => `
${ready(url)}
Sign in at ${publicUrl}/sign-in as manager@enrich.example, with the password of the first start.

Try, in another terminal:
  ${where(dataDir)}npx cairn report engagement --trial enrich --url ${url}
  curl ${url}/graphql -H 'content-type: application/json' \\
    -H "authorization: Bearer $(${where(dataDir)}npx cairn token manager@enrich.example)" \\
    -d '{"query":"{ trial(id: \\"enrich\\") { engagement { sites { site { id } counts { engaged withData } } } } }"}'

${END}`;

/** What failed may hold several causes, as when no address of a host answers; a stack is for those who ask for it. */
function sentenceOf(error) {
  if (process.env.CAIRN_DEBUG) return error.stack;
  if (error.code === 'ECONNREFUSED' || error.code === 'ENOTFOUND') {
    return `The PostgreSQL of DATABASE_URL does not answer (${error.code}).`;
  }
  return error.message || String(error.cause ?? error);
}
