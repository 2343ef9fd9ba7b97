import { EventEmitter } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { setImmediate as othersTurn } from 'node:timers/promises';
import { buildSchema, execute, parse, subscribe } from 'graphql';
import type { WebSocket } from 'ws';
import { speakProtocol } from './socket-protocol.js';

/** A socket that says that it has written something when the spec lets it. */
class SlowSocket extends EventEmitter {
  readonly OPEN = 1;
  readyState: number = this.OPEN;
  readonly protocol = 'graphql-transport-ws';
  readonly sent: string[] = [];
  readonly written: (() => void)[] = [];
  readonly pause = (): void => undefined;
  readonly resume = (): void => undefined;

  send(data: string, written: () => void): void {
    this.sent.push((JSON.parse(data) as { type: string }).type);
    this.written.push(written);
  }

  close(): void {
    this.readyState = 3;
    this.emit('close', 1000, Buffer.from(''));
  }
}

test('a source is asked for no more than the socket has written', async () => {
  let asked = 0;
  const source = {
    next: async () => ({ done: false as const, value: { tick: ++asked } }),
    return: async () => ({ done: true as const, value: undefined }),
    [Symbol.asyncIterator]() {
      return this;
    },
  };
  const schema = buildSchema('type Query { no: Int } type Subscription { tick: Int }');
  schema.getSubscriptionType()!.getFields()['tick']!.subscribe = () => source;
  const socket = new SlowSocket();
  const speak = speakProtocol({
    ...{ schema, execute, subscribe, turn: async () => undefined },
    onSubscribe: (_connection, _id, { query }) => ({ schema, document: parse(query) }),
    failed: (error) => {
      throw error;
    },
  });
  speak(socket as unknown as WebSocket, {} as IncomingMessage);
  const settled = async (): Promise<void> => {
    for (let n = 0; n < 20; n++) await othersTurn();
  };
  const say = async (message: object): Promise<void> => {
    socket.emit('message', Buffer.from(JSON.stringify(message)));
    await settled();
  };
  await say({ type: 'connection_init' });
  socket.written.shift()!();
  await say({ type: 'subscribe', id: '1', payload: { query: 'subscription { tick }' } });
  for (let written = 1; written <= 3; written++) {
    expect([asked, socket.sent.length]).toEqual([written, 1 + written]);
    socket.written.shift()!();
    await settled();
  }
  socket.close();
});
