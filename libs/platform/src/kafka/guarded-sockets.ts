import net from 'node:net';
import tls from 'node:tls';
import type { ISocketFactory } from 'kafkajs';

/** Of Kafka's protocol: each request begins with its size, four bytes, and what is asked for, two. */
const ASKED_AT = 4;
const PRODUCE = 0;

/**
 * Connections that publish only while they may. The client writes when a connection has been made, a request before was
 * answered, a pause is over: long after it was asked to publish, and this process may have been stopped in between.
 */
export const guardedSockets =
  (mayStill: () => boolean): ISocketFactory =>
  ({ host, port, ssl, onConnect }) => {
    const name = net.isIP(host) === 0 ? { servername: host } : {};
    const socket = ssl
      ? tls.connect({ host, port, ...name, ...ssl }, onConnect)
      : net.connect({ host, port }, onConnect);
    socket.setKeepAlive(true, 60_000);
    const write = socket.write.bind(socket) as (...given: unknown[]) => boolean;
    socket.write = (...given: unknown[]): boolean => {
      const [bytes] = given;
      const isProduce =
        Buffer.isBuffer(bytes) && bytes.length > ASKED_AT + 2 && bytes.readInt16BE(ASKED_AT) === PRODUCE;
      if (!isProduce || mayStill()) return write(...given);
      socket.destroy(new Error('publishing is not for this process any more'));
      return false;
    };
    return socket;
  };
