import net, { type AddressInfo } from 'node:net';
import { guardedSockets } from './guarded-sockets.js';

/** A request as Kafka has them: its size, what is asked for, and whatever. */
const request = (asked: number): Buffer => {
  const bytes = Buffer.alloc(20);
  bytes.writeInt32BE(16, 0);
  bytes.writeInt16BE(asked, 4);
  return bytes;
};
const [PRODUCE, METADATA] = [request(0), request(3)];

describe('a connection to a broker', () => {
  let broker: net.Server;
  let received: number;

  beforeEach(async () => {
    received = 0;
    broker = net.createServer((socket) =>
      socket.on('data', (bytes) => (received += bytes.length)).on('error', () => 0),
    );
    await new Promise<void>((resolve) => broker.listen(0, '127.0.0.1', resolve));
  });
  afterEach(() => new Promise((resolve) => broker.close(resolve)));

  const connected = (mayStill: () => boolean): Promise<net.Socket> =>
    new Promise((resolve) => {
      const { port } = broker.address() as AddressInfo;
      const socket = guardedSockets(mayStill)({
        host: '127.0.0.1',
        port,
        ssl: undefined as never,
        onConnect: () => undefined,
      });
      socket.once('connect', () => resolve(socket));
    });

  it('publishes while it may, and says so of the moment of writing', async () => {
    let may = true;
    const socket = await connected(() => may);
    socket.write(PRODUCE);
    socket.write(METADATA);
    await new Promise<void>((resolve) => {
      const look = setInterval(() => {
        if (received < 40) return;
        clearInterval(look);
        resolve();
      }, 5);
    });
    may = false;
    const gone = new Promise<Error>((resolve) => socket.once('error', resolve));
    expect(socket.write(PRODUCE)).toBe(false);
    expect((await gone).message).toMatch(/not for this process/);
    expect(received).toBe(40);
  });

  it('asks for what is no message at any time', async () => {
    const socket = await connected(() => false);
    await new Promise<void>((resolve) => socket.write(METADATA, () => resolve()));
    expect(socket.destroyed).toBe(false);
    socket.destroy();
  });
});
