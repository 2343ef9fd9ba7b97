import { execFileSync, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { type IssuerFile, matchesPassword, matchesSecret, readIssuerFile } from '@cairn/platform/identity';
import { eventually, freePort, isGone, type Launch, LaunchedCairn, repository } from '../support/launched-cairn.js';
import { createTestDatabase } from '../support/test-database.js';

const LIMIT = 180_000;

let folder: string;
let launch: Launch;
let cairn: LaunchedCairn | undefined;

const start = (changes: Partial<Launch> = {}): LaunchedCairn => (cairn = new LaunchedCairn({ ...launch, ...changes }));
const allGone = (pids: readonly number[]) => eventually(`${pids.join(', ')} are gone`, () => pids.every(isGone));
const answers = async (port: number) =>
  (await fetch(`http://127.0.0.1:${port}/health`).catch(() => undefined))?.ok === true;

/** How many participants the manager of a tenant sees in a trial; undefined where they see no such trial. */
async function randomised(running: LaunchedCairn, tenant: string, trial: string): Promise<number | undefined> {
  const query = `{ trial(id: "${trial}") { engagement { overall { randomised } } } }`;
  const { data } = await running.graphql(await running.tokenOf(tenant), query);
  const shown = data!['trial'] as { engagement: { overall: { randomised: number } } } | null;
  return shown?.engagement.overall.randomised;
}

/** What everybody whom the issuer knows is to the product. */
async function rolesOf(running: LaunchedCairn, { people, clients }: IssuerFile) {
  const everybody = [...people, ...clients.map(({ client: person, tenant }) => ({ person, tenant }))];
  const roles = everybody.map(async ({ tenant, person }) => {
    const { data } = await running.graphql(await running.tokenOf(tenant, person), '{ viewer { roles } }');
    return [person, (data!['viewer'] as { roles: readonly string[] }).roles];
  });
  return Object.fromEntries(await Promise.all(roles)) as Record<string, readonly string[]>;
}

/** The command line on the machine of an embedded Cairn, and what the README shows of it. */
function commandsWork({ url, launch: { dataDir } }: LaunchedCairn): void {
  const env = { PATH: process.env['PATH'], CAIRN_DATA_DIR: dataDir, CAIRN_URL: url };
  const main = path.join(repository, 'apps/cli/dist/main.js');
  const cli = (...args: readonly string[]) => spawnSync(process.execPath, [main, ...args], { encoding: 'utf8', env });
  expect(cli('token', 'worker.s4pw2@enrich.example')).toMatchObject({ status: 2, stdout: '' });
  expect(cli('report', 'engagement', '--trial', 'enrich')).toMatchObject({ status: 0, stderr: '' });
  const foreign = cli('report', 'engagement', '--trial', 'enrich', '--tenant', 'northstar');
  expect(foreign).toMatchObject({ status: 2, stdout: '', stderr: 'cairn: there is no trial enrich\n' });

  const readme = fs.readFileSync(path.join(repository, 'README.md'), 'utf8');
  const [, command, answer] = /^```\n(curl [^]*?)```\n\n```json\n([^]*?)```/m.exec(readme)!;
  const here = command!.replace('http://localhost:4000', url).replace('npx cairn', `'${process.execPath}' '${main}'`);
  const { stdout } = spawnSync('bash', ['-c', here.replace('curl ', 'curl -s ')], { encoding: 'utf8', env });
  expect(JSON.parse(stdout)).toEqual(JSON.parse(answer!));
}

beforeAll(async () => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'cairn-launcher-'));
  fs.chmodSync(folder, 0o755);
  const [port, projectorPort, alerterPort] = [await freePort(), await freePort(), await freePort()];
  launch = { dataDir: path.join(folder, 'data'), port, projectorPort, alerterPort };
});
afterEach(async () => {
  await cairn?.kill();
  cairn = undefined;
});
afterAll(() => fs.rmSync(folder, { recursive: true, force: true }));

describe('npm start', () => {
  it(
    'starts from nothing, and keeps its data folder and its ports to itself',
    async () => {
      const first = await start().ready();
      const sameFolder = new LaunchedCairn({ ...launch, port: await freePort() });
      expect((await sameFolder.exited).code).toBe(1);
      expect(sameFolder.output).toContain(`already runs on ${launch.dataDir} (process ${first.supervisor})`);

      const samePort = new LaunchedCairn({ ...launch, dataDir: path.join(folder, 'other') });
      expect((await samePort.exited).code).toBe(1);
      expect(samePort.output).toContain(`Port ${launch.port} on 127.0.0.1 is in use`);

      expect(await answers(launch.port)).toBe(true);
    },
    LIMIT,
  );

  it(
    'loads the demo: two tenants with a trial each and people in every role, whose secrets it tells once',
    async () => {
      const dataDir = path.join(folder, 'demo');
      const first = await start({ demo: true, dataDir }).ready();
      expect(await randomised(first, 'enrich', 'enrich')).toBe(586);
      expect(await randomised(first, 'northstar', 'northstar')).toBe(64);
      expect(await randomised(first, 'northstar', 'enrich')).toBeUndefined();

      const issuer = await readIssuerFile(path.join(dataDir, 'issuer.json'));
      expect(fs.statSync(path.join(dataDir, 'issuer.json')).mode & 0o777).toBe(0o600);
      const [, password] = /^ +password of everybody .*: (\S+)$/m.exec(first.output)!;
      expect(await matchesPassword(password!, issuer.people.at(-1)!.password)).toBe(true);
      const [, secret] = /^ +secret of the machine feed.enrich: (\S+)$/m.exec(first.output)!;
      expect(matchesSecret(secret!, issuer.clients[0]!.secret)).toBe(true);

      expect(await rolesOf(first, issuer)).toEqual({
        'admin@enrich.example': ['sponsor_administrator'],
        'manager@enrich.example': ['trial_manager'],
        'dmc@enrich.example': ['dmc_member'],
        'statistician@enrich.example': ['unblinded_statistician'],
        'assessor@enrich.example': ['blinded_outcome_assessor'],
        'auditor@enrich.example': ['auditor'],
        'coordinator.s4@enrich.example': ['site_coordinator'],
        'viewer.s4@enrich.example': ['site_viewer'],
        'worker.s4pw1@enrich.example': ['peer_worker'],
        'feed.enrich': ['machine_subscriber'],
        'admin@northstar.example': ['sponsor_administrator'],
        'manager@northstar.example': ['trial_manager'],
        'coordinator.n1@northstar.example': ['site_coordinator'],
      });
      commandsWork(first);
      await first.kill();

      const second = await start({ demo: true, dataDir }).ready();
      expect(second.output).not.toMatch(/secret|shown only now|Loading/i);
      expect(await readIssuerFile(path.join(dataDir, 'issuer.json'))).toEqual(issuer);
      expect(await randomised(second, 'enrich', 'enrich')).toBe(586);
    },
    LIMIT,
  );

  it(
    'makes no issuer of its own where another one is named',
    async () => {
      const env = { OIDC_ISSUER: `http://127.0.0.1:${await freePort()}`, OIDC_AUDIENCE: 'cairn' };
      const running = await start({ demo: true, dataDir: path.join(folder, 'other-issuer'), env }).ready();
      expect(fs.readdirSync(running.launch.dataDir)).not.toContain('issuer.json');
      expect(running.output).not.toMatch(/Loading|password/);
      expect((await fetch(`${running.url}/graphql?query={viewer{id}}`)).status).toBe(401);
    },
    LIMIT,
  );

  it(
    'starts a killed service again, and ends with an error when its PostgreSQL is killed',
    async () => {
      const running = await start().ready();
      for (const [index, port] of [launch.projectorPort, launch.alerterPort, launch.port].entries()) {
        const killed = running.services[index]!;
        process.kill(killed, 'SIGKILL');
        await eventually(
          'another process has taken over',
          () => running.services.length === 3 && !running.services.includes(killed),
        );
        await eventually('it answers', () => answers(port));
      }
      const everything = running.everything;
      process.kill(running.postgres, 'SIGKILL');
      expect((await running.exited).code).toBe(1);
      expect(running.output).toContain('PostgreSQL ended unexpectedly');
      await allGone(everything);
    },
    LIMIT,
  );

  it.each(['npm', 'supervisor'] as const)(
    'ends everything when %s is killed, and starts again afterwards',
    async (victim) => {
      const running = await start().ready();
      const everything = running.everything;
      process.kill(victim === 'npm' ? running.pid : running.supervisor, 'SIGKILL');
      // At once, as an impatient user would: what is left of the first must not be in the way of the second.
      await eventually('the supervisor is gone', () => isGone(everything[1]!));
      const again = await start().ready();
      expect(again.everything.filter((pid) => everything.includes(pid))).toEqual([]);
      await allGone(everything);
    },
    LIMIT,
  );

  it(
    'ends in order at SIGTERM: the services, then PostgreSQL, then itself with exit code 0',
    async () => {
      const running = await start().ready();
      const [everything, services, postgres] = [running.everything, running.services, running.postgres];
      process.kill(running.pid, 'SIGTERM');
      await eventually('the services are gone', () => {
        const servicesGone = services.every(isGone);
        // Looked at after the services, so that PostgreSQL cannot have ended before them unseen.
        if (!servicesGone) expect(isGone(postgres) && !services.every(isGone)).toBe(false);
        return servicesGone;
      });
      expect(await running.exited).toEqual({ code: 0, signal: null });
      await allGone(everything);
    },
    LIMIT,
  );

  it.each(['SIGINT', 'SIGHUP'] as const)(
    'ends everything when the terminal sends %s',
    async (signal) => {
      const running = await start().ready();
      const everything = running.everything;
      running.signalGroup(signal);
      const { code } = await running.exited;
      // npm itself dies of a SIGHUP; after a Ctrl-C it waits and says what we say.
      if (signal === 'SIGINT') expect(code).toBe(0);
      await allGone(everything);
      expect(fs.existsSync(path.join(launch.dataDir, 'supervisor.json'))).toBe(false);
    },
    LIMIT,
  );
});

describe('npm start with another PostgreSQL', () => {
  it(
    'uses the one of DATABASE_URL and starts none',
    async () => {
      const database = await createTestDatabase();
      try {
        const running = await start({
          dataDir: path.join(folder, 'elsewhere'),
          env: { DATABASE_URL: database.url },
        }).ready();
        expect(fs.readdirSync(running.launch.dataDir)).toEqual([
          'issuer.json',
          'masking-secret',
          'signing-keys.json',
          'supervisor.json',
          'webhook-secret',
        ]);
        expect(await answers(launch.port)).toBe(true);
        await running.kill();
      } finally {
        await database.drop();
      }
    },
    LIMIT,
  );

  it(
    'says so when it does not answer, without the password',
    async () => {
      const url = `postgres://user:hunter2@127.0.0.1:${await freePort()}/cairn`;
      const failing = start({ dataDir: path.join(folder, 'elsewhere'), env: { DATABASE_URL: url } });
      expect((await failing.exited).code).toBe(1);
      expect(failing.output).toContain('The PostgreSQL of DATABASE_URL does not answer');
      expect(failing.output).not.toContain('hunter2');
    },
    LIMIT,
  );
});

describe('node scripts/start.mjs', () => {
  it(
    'goes on under the pinned Node, and ends everything when the first one is killed',
    async () => {
      // Any Node that is not the pinned one will do; a copy of it needs no second Node on the machine.
      const otherNode = path.join(folder, 'node');
      fs.copyFileSync(process.execPath, otherNode, fs.constants.COPYFILE_FICLONE);
      const running = await start({ command: [otherNode, 'scripts/start.mjs'] }).ready();
      const everything = running.everything;
      expect(running.supervisor).not.toBe(running.pid);
      process.kill(running.pid, 'SIGKILL');
      await allGone(everything);
      await (await start().ready()).kill();
    },
    LIMIT,
  );

  it.each(users())(
    'starts from nothing and ends as $name',
    async ({ uid, prefix }) => {
      const home = path.join(folder, `home-${uid}`);
      fs.mkdirSync(home);
      fs.chownSync(home, uid, uid);
      const command: [string, ...string[]] = [...prefix, process.execPath, 'scripts/start.mjs'] as never;
      const running = await start({ command, dataDir: path.join(home, 'data') }).ready();
      expect(fs.statSync(path.join(home, 'data/pgdata')).uid === 0).toBe(false);
      const everything = running.everything;
      process.kill(running.pid, 'SIGTERM');
      expect((await running.exited).code).toBe(0);
      await allGone(everything);
    },
    LIMIT,
  );
});

/** The present user and, where root may become another one who can read the repository, that one too. */
function users() {
  const uid = process.getuid!();
  const present = { name: `user ${uid}`, uid, prefix: [] as string[] };
  const nobody = ['setpriv', '--reuid', '65534', '--regid', '65534', '--clear-groups'];
  try {
    execFileSync(
      nobody[0]!,
      [...nobody.slice(1), process.execPath, '-e', `require('node:fs').accessSync('${repository}/package.json')`],
      { stdio: 'ignore' },
    );
  } catch {
    return [present];
  }
  return uid === 65_534 ? [present] : [present, { name: 'user 65534', uid: 65_534, prefix: nobody }];
}
