import { type ChildProcess, spawn } from 'node:child_process';
import fs from 'node:fs/promises';
import http from 'node:http';
import net from 'node:net';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

/** Where the services' built entries are, seen from this file in `dist` as in `src`. */
const APPS = path.resolve(import.meta.dirname, '../../..');

/** A service of the product, as a process of its own. */
export interface Service {
  readonly port: number;
  /** The most memory that the process has had resident, in bytes; undefined where the system does not tell. */
  peakMemory(): Promise<number | undefined>;
  /** What it has resident now. */
  memory(): Promise<number | undefined>;
  /** Milliseconds of a core that it has used; 0 where the system does not tell. */
  cpu(): Promise<number>;
  stop(): Promise<void>;
}

const PORT_SETTING = { api: 'PORT', projector: 'PROJECTOR_PORT', alerter: 'ALERTER_PORT' } as const;
/** As `npm start` gives them. */
const FLAGS = {
  api: [],
  projector: ['--max-semi-space-size=32', '--min-semi-space-size=16', '--no-parallel-scavenge'],
  alerter: [],
} as const;
const START_WITHIN_MS = 60_000;

/** Starts a service and waits until it answers over HTTP. */
export async function startService(
  app: keyof typeof PORT_SETTING,
  settings: Readonly<Record<string, string>>,
  signOfLife: string,
): Promise<Service> {
  const port = await freePort();
  const child = spawn(process.execPath, [...FLAGS[app], '--enable-source-maps', path.join(APPS, app, 'dist/main.js')], {
    // A channel, so that a bench that is killed takes its services along.
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    env: { LOG_LEVEL: 'warn', [PORT_SETTING[app]]: String(port), ...settings },
  });
  let said = '';
  for (const stream of [child.stdout!, child.stderr!]) {
    stream.on('data', (text: Buffer) => (said = (said + text.toString()).slice(-4_000)));
  }
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const deadline = performance.now() + START_WITHIN_MS;
  while (!(await answers(port, signOfLife))) {
    if (child.exitCode !== null || child.signalCode !== null) throw new Error(`${app} did not start:\n${said}`);
    if (performance.now() > deadline) {
      child.kill('SIGKILL');
      throw new Error(`${app} did not answer in time:\n${said}`);
    }
    await wait(50);
  }
  return {
    port,
    peakMemory: () => memoryOf(child, 'VmHWM'),
    memory: () => memoryOf(child, 'VmRSS'),
    cpu: async () => (await cpuOf(child.pid!)).own,
    stop: async () => {
      child.kill('SIGTERM');
      await exited;
    },
  };
}

function answers(port: number, pathname: string): Promise<boolean> {
  return new Promise((resolve) => {
    const request = http.get({ host: '127.0.0.1', port, path: pathname, agent: false }, (response) => {
      response.resume();
      resolve(response.statusCode! < 500);
    });
    request.on('error', () => resolve(false));
  });
}

async function memoryOf(child: ChildProcess, which: 'VmHWM' | 'VmRSS'): Promise<number | undefined> {
  const status = await fs.readFile(`/proc/${child.pid}/status`, 'utf8').catch(() => '');
  const kilobytes = new RegExp(`^${which}:\\s+(\\d+) kB`, 'm').exec(status)?.[1];
  return kilobytes === undefined ? undefined : Number(kilobytes) * 1_024;
}

/** A tick of the kernel's clock, in milliseconds. */
const TICK = 10;

/** Milliseconds of a core that a process has used, and those of its children that have ended. */
export async function cpuOf(pid: number): Promise<{ readonly own: number; readonly endedChildren: number }> {
  const stat = await fs.readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  // What stands before the last bracket is a name, which may hold anything.
  const fields = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .map(Number);
  const [user = 0, system = 0, endedUser = 0, endedSystem = 0] = fields.slice(11, 15);
  return { own: (user + system) * TICK, endedChildren: (endedUser + endedSystem) * TICK };
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = net.createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as net.AddressInfo;
      server.close(() => resolve(port));
    });
  });
}
