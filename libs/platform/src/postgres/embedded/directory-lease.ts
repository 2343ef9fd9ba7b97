import { createHash } from 'node:crypto';
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

/** A process that was just killed may hold its socket for a moment longer, on a busy machine for a long one. */
const DYING_MS = 2_000;

/** The directory belongs to a running process. */
export class DirectoryInUse extends Error {
  override readonly name = 'DirectoryInUse';
}

export interface DirectoryLease {
  release(): Promise<void>;
}

/**
 * Takes a directory for this process alone, for as long as it lives. The lease is a listening socket, because the
 * kernel takes that back from a process however it ends: no file is left to be judged by the next one.
 * @throws DirectoryInUse
 */
export async function leaseDirectory(dir: string): Promise<DirectoryLease> {
  const name = `cairn-${createHash('sha256').update(fs.realpathSync(dir)).digest('hex').slice(0, 24)}`;
  const address =
    process.platform === 'linux'
      ? `\0${name}`
      : process.platform === 'win32'
        ? `\\\\.\\pipe\\${name}`
        : path.join(os.tmpdir(), `${name}.lease`);
  let server: net.Server | undefined;
  for (const deadline = Date.now() + DYING_MS; !server && Date.now() < deadline;) {
    server = (await listen(address)) ?? (await listenInPlaceOfTheDead(address));
    if (!server) await wait(25);
  }
  if (!server) throw new DirectoryInUse(`${dir} is in use by another running Cairn; stop it, or use another directory`);
  return { release: () => new Promise((resolve) => server.close(() => resolve())) };
}

function listen(address: string): Promise<net.Server | undefined> {
  return new Promise((resolve, reject) => {
    const server = net.createServer((socket) => socket.destroy());
    server.once('error', (error: NodeJS.ErrnoException) =>
      error.code === 'EADDRINUSE' ? resolve(undefined) : reject(error),
    );
    server.listen(address, () => resolve(server.unref()));
  });
}

/** Where sockets are files, the file outlives its process; then nobody answers. */
async function listenInPlaceOfTheDead(address: string): Promise<net.Server | undefined> {
  if (address.startsWith('\0') || process.platform === 'win32' || (await answers(address))) return undefined;
  fs.rmSync(address, { force: true });
  return listen(address);
}

function answers(address: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect(address);
    socket.once('connect', () => resolve((socket.destroy(), true)));
    socket.once('error', () => resolve(false));
  });
}
