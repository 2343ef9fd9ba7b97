import { type ChildProcess, spawn } from 'node:child_process';
import path from 'node:path';
import { repository } from './launched-cairn.js';

/** A process of the product that is killed and started again. */
export class KilledService {
  private child: ChildProcess | undefined;

  constructor(
    private readonly name: 'alerter' | 'projector',
    private readonly environment: Readonly<Record<string, string>>,
  ) {}

  start(): void {
    const main = path.join(repository, 'apps', this.name, 'dist/main.js');
    this.child = spawn(process.execPath, [main], {
      stdio: ['ignore', 'ignore', 'ignore'],
      env: { LOG_LEVEL: 'silent', [`${this.name.toUpperCase()}_PORT`]: '0', ...this.environment },
    });
  }

  async kill(): Promise<void> {
    const { child } = this;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await gone;
  }
}
