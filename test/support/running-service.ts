import { type ChildProcess, spawn } from 'node:child_process';
import path from 'node:path';
import { eventually, freePort, repository } from './launched-cairn.js';

const PORT_SETTING = { api: 'PORT', projector: 'PROJECTOR_PORT', alerter: 'ALERTER_PORT' } as const;

export interface ServiceOptions {
  readonly name: keyof typeof PORT_SETTING;
  readonly environment: Readonly<Record<string, string>>;
  /** Whose build is run; this checkout's unless given. */
  readonly root?: string;
}

/** One instance of a service as a process of its own. */
export class RunningService {
  private child: ChildProcess | undefined;
  private said = '';

  private constructor(
    private readonly options: ServiceOptions,
    readonly port: number,
  ) {}

  static async start(options: ServiceOptions): Promise<RunningService> {
    const service = new RunningService(options, await freePort());
    service.start();
    return service;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** What it wrote so far. */
  get log(): string {
    return this.said;
  }

  get pid(): number {
    return this.child!.pid!;
  }

  /** On the port that it had. */
  start(): void {
    const { name, environment, root = repository } = this.options;
    const main = path.join(root, 'apps', name, 'dist/main.js');
    const child = spawn(process.execPath, ['--disable-warning=TimeoutNegativeWarning', main], {
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      env: { LOG_LEVEL: 'warn', [PORT_SETTING[name]]: String(this.port), ...environment },
    });
    for (const stream of [child.stdout!, child.stderr!]) stream.on('data', (chunk) => (this.said += String(chunk)));
    this.child = child;
  }

  /** Until it answers that it is well. @throws Error with what it wrote when it ends before */
  async ready(): Promise<this> {
    await eventually(`${this.options.name} is ready: ${this.said}`, async () => {
      const { exitCode, signalCode } = this.child!;
      if (exitCode !== null || signalCode !== null) throw new Error(`${this.options.name} has ended:\n${this.said}`);
      return (await this.health()) === 200;
    });
    return this;
  }

  /** @returns the status; undefined where nobody answers */
  async health(path = '/health'): Promise<number | undefined> {
    const signal = AbortSignal.timeout(2_000);
    return fetch(`${this.url}${path}`, { signal }).then(
      async (response) => {
        await response.text();
        return response.status;
      },
      () => undefined,
    );
  }

  /** @returns the exit code */
  async end(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
    const { child } = this;
    if (!child) return null;
    if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
    const gone = this.exited();
    child.kill(signal);
    return gone;
  }

  exited(): Promise<number | null> {
    const child = this.child!;
    if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve(child.exitCode);
    return new Promise((resolve) => child.once('exit', resolve));
  }
}
