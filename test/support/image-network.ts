import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { repository } from './launched-cairn.js';

/** Who is reached under which name by the services of docker-compose.yml; here all of them on one address. */
const NAMES = ['postgres', 'kafka', 'keycloak', 'api', 'cairn.localhost', 'id.cairn.localhost'];
const SUPPORT = path.join(repository, 'test/support');

/** A network with nothing in it but what is started there, as the networks of compose are. */
export class ImageNetwork {
  private readonly started: ChildProcess[] = [];

  private constructor(
    readonly holder: number,
    /** For `/etc`. */
    readonly etc: string,
  ) {}

  /** @throws Error with a sentence where this user may not make one */
  static async open(folder: string): Promise<ImageNetwork> {
    if (process.getuid?.() !== 0) throw new Error('Images are run in name spaces of their own, which needs root.');
    const etc = path.join(folder, 'etc');
    fs.mkdirSync(etc, { mode: 0o755 });
    fs.writeFileSync(path.join(etc, 'hosts'), `127.0.0.1 localhost ${NAMES.join(' ')}\n`);
    fs.writeFileSync(
      path.join(etc, 'passwd'),
      'root:x:0:0::/root:/bin/sh\ncairn:x:10001:10001::/nonexistent:/bin/sh\n',
    );
    fs.writeFileSync(path.join(etc, 'nsswitch.conf'), 'hosts: files\n');
    const holder = spawn('unshare', ['--net', 'bash', '-c', 'ip link set lo up && echo ready && exec sleep infinity'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await said(holder, 'ready');
    const network = new ImageNetwork(holder.pid!, etc);
    network.started.push(holder);
    return network;
  }

  /** PostgreSQL and an issuer. @param secrets the folder of make-secrets.mjs */
  async addSurroundings(socket: string, secrets: string, issuer: string): Promise<void> {
    const script = path.join(SUPPORT, 'image-surroundings.mjs');
    const port = new URL(issuer).port;
    const args = [process.execPath, script, socket, path.join(secrets, 'tls.pem'), issuer, port];
    const child = spawn('nsenter', [`--net=/proc/${this.holder}/ns/net`, ...args], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    this.started.push(child);
    await said(child, 'ready');
  }

  /** Asks somebody in the network. @returns status and body */
  fetch(url: string, headers: Readonly<Record<string, string>> = {}, body?: object): { status: number; body: string } {
    const script = `
      const [, url, headers, body] = process.argv;
      const response = await fetch(url, { headers: JSON.parse(headers), ...(body && { method: 'POST', body }) });
      console.log(JSON.stringify({ status: response.status, body: await response.text() }));`;
    // Its names are known in the images only.
    const here = new URL(url);
    here.hostname = '127.0.0.1';
    const args = [here.href, JSON.stringify(headers), ...(body ? [JSON.stringify(body)] : [])];
    const node = [process.execPath, '--input-type=module', '--eval', script, '--', ...args];
    const out = execFileSync('nsenter', [`--net=/proc/${this.holder}/ns/net`, ...node], {
      encoding: 'utf8',
      maxBuffer: 1 << 26,
      env: { PATH: process.env['PATH'], NODE_TLS_REJECT_UNAUTHORIZED: '0', NODE_NO_WARNINGS: '1' },
    });
    return JSON.parse(out) as { status: number; body: string };
  }

  close(): void {
    for (const child of this.started.reverse()) child.kill('SIGKILL');
  }
}

function said(child: ChildProcess, word: string): Promise<void> {
  return new Promise((resolve, reject) => {
    child.stdout!.on('data', (chunk) => {
      if (String(chunk).includes(word)) resolve();
    });
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`ended with ${String(code)} before it was ready`)));
  });
}
