import net from 'node:net';
import * as grpc from '@grpc/grpc-js';

/** Where a server is reached, and how it is cut off: what gRPC calls draining would wait for the calls under way. */
export interface Listening {
  readonly port: number;
  /** Resets every connection that there is. */
  cut(): void;
  stop(): Promise<void>;
}

/** @param port 0: any */
export async function listen(server: grpc.Server, port: number): Promise<Listening> {
  const sockets = new Set<net.Socket>();
  const injector = server.createConnectionInjector(grpc.ServerCredentials.createInsecure());
  const listener = net.createServer({ noDelay: true }, (socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
    injector.injectConnection(socket);
  });
  await new Promise<void>((resolve, reject) => {
    listener.on('error', reject);
    listener.listen(port, '127.0.0.1', resolve);
  });
  const cut = (): void => sockets.forEach((socket) => socket.resetAndDestroy());
  return {
    port: (listener.address() as net.AddressInfo).port,
    cut,
    stop: async () => {
      const closed = new Promise((resolve) => listener.close(resolve));
      cut();
      injector.destroy();
      server.forceShutdown();
      await closed;
    },
  };
}
