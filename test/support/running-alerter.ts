import { type ChildProcess, spawn } from 'node:child_process';
import path from 'node:path';

const MAIN = path.resolve(import.meta.dirname, '../../apps/alerter/dist/main.js');

/** The alerter as a process of its own, that may be killed and started again. */
export class RunningAlerter {
  private child: ChildProcess | undefined;
  private said = '';

  /** @param environment beside the port, which nobody asks for, and the log, which is kept */
  constructor(private readonly environment: Readonly<Record<string, string>>) {}

  /** What it wrote so far. */
  get log(): string {
    return this.said;
  }

  start(): void {
    const child = spawn(process.execPath, ['--disable-warning=TimeoutNegativeWarning', MAIN], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ALERTER_PORT: '0', LOG_LEVEL: 'info', ...this.environment },
    });
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (this.said += String(chunk)));
    this.child = child;
  }

  async end(signal: 'SIGTERM' | 'SIGKILL' = 'SIGKILL'): Promise<number | null> {
    const { child } = this;
    this.child = undefined;
    if (!child) return null;
    if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
    const gone = new Promise<number | null>((resolve) => child.once('exit', resolve));
    child.kill(signal);
    return gone;
  }
}
