import net from 'node:net';
import type { AddressInfo } from 'node:net';

/** How a network can fail: connections are reset and refused, or nothing gets through and nobody says so. */
export type Cut = 'black hole' | 'reset';

/** A way to a server that can be cut. */
export class CutProxy {
  private readonly sockets = new Set<net.Socket>();
  private state: Cut | undefined;

  private constructor(
    private readonly server: net.Server,
    private readonly target: net.NetConnectOpts,
  ) {}

  static async to(target: net.NetConnectOpts): Promise<CutProxy> {
    const server = net.createServer();
    const proxy = new CutProxy(server, target);
    server.on('connection', (socket) => proxy.join(socket));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  cut(how: Cut): void {
    this.state = how;
    if (how === 'reset') return this.reset();
    for (const socket of this.sockets) silence(socket);
  }

  /** What was under way while it was cut is lost. */
  mend(): void {
    if (this.state === undefined) return;
    this.state = undefined;
    this.reset();
  }

  async close(): Promise<void> {
    this.reset();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private join(near: net.Socket): void {
    this.keep(near);
    if (this.state === 'reset') return end(near);
    if (this.state === 'black hole') return silence(near);
    const far = net.connect(this.target);
    this.keep(far);
    near.pipe(far).pipe(near);
    near.on('close', () => this.state === 'black hole' || far.destroy());
    far.on('close', () => this.state === 'black hole' || near.destroy());
  }

  private keep(socket: net.Socket): void {
    this.sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => this.sockets.delete(socket));
  }

  private reset(): void {
    for (const socket of this.sockets) end(socket);
  }
}

/** As a network does that says so; between processes of one machine there is no such thing. */
function end(socket: net.Socket): void {
  if (socket.remoteAddress === undefined) socket.destroy();
  else socket.resetAndDestroy();
}

/** What one side sends, the other never gets, not even its end. */
function silence(socket: net.Socket): void {
  socket.unpipe();
  socket.pause();
}
