import { type ChildProcess, spawn } from 'node:child_process';
import fs from 'node:fs/promises';
import path from 'node:path';
import type { Cut, CutProxy } from './cut-proxy.js';
import { repository } from './launched-cairn.js';

export interface SharedServiceOptions {
  readonly name: 'alerter' | 'projector';
  readonly environment: Readonly<Record<string, string>>;
  /** Where the database is. */
  readonly database: CutProxy;
  /** Where the connections of webhooks to that port go instead. */
  readonly webhooks?: { readonly port: number; readonly via: CutProxy };
  /** Where the script that is loaded before the service may be written. */
  readonly folder: string;
  /** The service goes on under leases that it has lost: what a test must notice. */
  readonly unfenced?: boolean;
}

/** One of several instances of a service, a process that is stopped, killed, cut off, and whose clock is wrong. */
export class SharedService {
  private child: ChildProcess | undefined;
  /** All processes that it was. */
  readonly pids = new Set<number>();

  constructor(private readonly options: SharedServiceOptions) {}

  /** @param skewMs by how much its machine's clock is ahead */
  async start(skewMs: number): Promise<void> {
    const { name, environment, folder } = this.options;
    const script = path.join(folder, `before-${name}-${process.hrtime.bigint()}.mjs`);
    await fs.writeFile(script, this.before(skewMs));
    const main = path.join(repository, 'apps', name, 'dist/main.js');
    this.child = spawn(process.execPath, ['--import', script, main], {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      env: { LOG_LEVEL: 'silent', [`${name.toUpperCase()}_PORT`]: '0', ...environment },
    });
    this.pids.add(this.child.pid!);
  }

  get pid(): number {
    return this.child!.pid!;
  }

  async end(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    const { child } = this;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGCONT');
    child.kill(signal);
    await gone;
  }

  /** As if the machine stood still. */
  pause(): void {
    this.child!.kill('SIGSTOP');
  }

  resume(): void {
    this.child!.kill('SIGCONT');
  }

  /** @param webhooksToo its way to receivers as well as to the database */
  cut(how: Cut, webhooksToo: boolean): void {
    this.options.database.cut(how);
    if (webhooksToo) this.options.webhooks?.via.cut(how);
  }

  mend(): void {
    this.options.database.mend();
    this.options.webhooks?.via.mend();
  }

  private before(skewMs: number): string {
    const { webhooks, unfenced } = this.options;
    const leases = path.join(repository, 'libs/platform/dist/leases');
    return `
      import http from 'node:http';
      const Machine = Date;
      globalThis.Date = class Date extends Machine {
        constructor(...given) {
          if (given.length === 0) super(Machine.now() + ${skewMs});
          else super(...given);
        }
        static now() { return Machine.now() + ${skewMs}; }
      };
      const connect = http.Agent.prototype.createConnection;
      http.Agent.prototype.createConnection = function (options, ...more) {
        const via = Number(options.port) === ${webhooks?.port ?? -1} ? { port: ${webhooks?.via.port ?? 0} } : {};
        return connect.call(this, { ...options, ...via }, ...more);
      };
      if (${unfenced ?? false}) {
        const { HeldLease } = await import(${JSON.stringify(`${leases}/held-lease.js`)});
        const { Leases } = await import(${JSON.stringify(`${leases}/leases.js`)});
        HeldLease.prototype.isHeld = () => true;
        HeldLease.prototype.guard = async () => undefined;
        HeldLease.prototype.end = HeldLease.prototype.lose = Leases.prototype.drop = () => undefined;
      }`;
  }
}
