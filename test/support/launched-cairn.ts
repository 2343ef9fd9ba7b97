import { type ChildProcess, spawn } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { mintToken, readIssuerFile } from '@cairn/platform/identity';

export const repository = path.resolve(import.meta.dirname, '../..');

export interface Launch {
  readonly dataDir: string;
  readonly port: number;
  readonly projectorPort: number;
  readonly alerterPort: number;
  /** What to run; `npm start` unless said otherwise. */
  readonly command?: readonly [string, ...string[]];
  /** Whether the demo trial is loaded; left out unless asked for. */
  readonly demo?: boolean;
  readonly env?: NodeJS.ProcessEnv;
}

/** Cairn as a user starts it, with everything it starts in turn. */
export class LaunchedCairn {
  readonly exited: Promise<{ readonly code: number | null; readonly signal: string | null }>;
  readonly #child: ChildProcess;
  #output = '';

  constructor(readonly launch: Launch) {
    const [program, ...args] = launch.command ?? ['npm', 'start'];
    // A group of its own, as a terminal would give it: a signal to the group is what Ctrl-C is.
    this.#child = spawn(program, args, {
      cwd: repository,
      env: environment(launch),
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [this.#child.stdout, this.#child.stderr])
      stream?.on('data', (chunk) => (this.#output += String(chunk)));
    this.exited = new Promise((resolve) => this.#child.once('close', (code, signal) => resolve({ code, signal })));
  }

  get output(): string {
    return this.#output;
  }

  get url(): string {
    return `http://127.0.0.1:${this.launch.port}`;
  }

  /** A token of its own issuer, for the trial manager of the tenant unless somebody else is named. */
  async tokenOf(tenant: string, person = `manager@${tenant}.example`): Promise<string> {
    return mintToken(await readIssuerFile(path.join(this.launch.dataDir, 'issuer.json')), { person, tenant });
  }

  /** Asks its API. @returns the answer's body */
  async graphql(token: string, query: string): Promise<{ data?: Record<string, unknown> | null; errors?: unknown[] }> {
    const response = await fetch(`${this.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
      body: JSON.stringify({ query }),
    });
    return (await response.json()) as object;
  }

  /** The process that was started first: npm, or the launcher. */
  get pid(): number {
    return this.#child.pid!;
  }

  get supervisor(): number {
    return this.#supervision().supervisor.pid;
  }

  /** The projector, the alerter and the api, in this order. */
  get services(): readonly number[] {
    return this.#supervision().services.map((each) => each.pid);
  }

  get postgres(): number {
    return Number(fs.readFileSync(path.join(this.launch.dataDir, 'pgdata/postmaster.pid'), 'utf8').split('\n')[0]);
  }

  get everything(): readonly number[] {
    return [this.pid, this.supervisor, ...this.services, this.postgres];
  }

  async ready(): Promise<this> {
    const ended = this.exited.then(() => 'ended' as const);
    await eventually('Cairn is ready', async () => {
      if ((await Promise.race([ended, pause(20)])) === 'ended') throw new Error(`it ended:\n${this.#output}`);
      return this.#output.includes('Cairn is ready');
    });
    return this;
  }

  /** As Ctrl-C does: to every process of the terminal's foreground group. */
  signalGroup(signal: NodeJS.Signals): void {
    process.kill(-this.pid, signal);
  }

  /** Leaves nothing behind, whatever state a failed test left it in. */
  async kill(): Promise<void> {
    const left = this.#child.exitCode === null && this.#child.signalCode === null;
    if (left) this.#child.kill('SIGTERM');
    await this.exited;
  }

  #supervision(): {
    readonly supervisor: { readonly pid: number };
    readonly services: readonly { readonly pid: number }[];
  } {
    return JSON.parse(fs.readFileSync(path.join(this.launch.dataDir, 'supervisor.json'), 'utf8'));
  }
}

/** The environment of a terminal: npm, under which the tests run, leaves its own marks in theirs. */
function environment(launch: Launch): NodeJS.ProcessEnv {
  const own = Object.entries(process.env).filter(
    ([name]) => !/^(npm_|INIT_CWD$|NODE_OPTIONS$|JEST_|DATABASE_URL$|CAIRN_|OIDC_|ISSUER_FILE$|PUBLIC_URL$)/.test(name),
  );
  return {
    ...Object.fromEntries(own),
    CAIRN_DATA_DIR: launch.dataDir,
    CAIRN_DEMO: launch.demo ? 'on' : 'off',
    PORT: String(launch.port),
    PROJECTOR_PORT: String(launch.projectorPort),
    ALERTER_PORT: String(launch.alerterPort),
    ...launch.env,
  };
}

/** Looks again and again until it is so; throws after 90 seconds, which only a machine with much else to do takes. */
export async function eventually(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 90_000;
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error(`still not so after 90 s: ${what}`);
    await pause(5);
  }
}

/** A dead process that its parent has not collected yet is gone too. */
export function isGone(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return /\) Z /.test(fs.readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch (error) {
    return ['ESRCH', 'ENOENT'].includes((error as NodeJS.ErrnoException).code ?? '');
  }
}

export async function freePort(): Promise<number> {
  const server = net.createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as net.AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
