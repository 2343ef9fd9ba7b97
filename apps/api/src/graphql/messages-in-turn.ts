import type { WebSocket } from 'ws';

export type MessageSource = Pick<WebSocket, 'on' | 'pause' | 'resume' | 'readyState' | 'OPEN'>;

/**
 * Takes a socket's messages one at a turn. A packet can hold a thousand of them, and each may be a document to be read; taken
 * as they come they would keep everybody else waiting. Meanwhile nothing more is read from the socket.
 */
export function messagesInTurn(
  socket: MessageSource,
  turn: () => Promise<void>,
  take: (message: string) => void,
): void {
  const waiting: string[] = [];
  let taking = false;
  const takeAll = async (): Promise<void> => {
    taking = true;
    socket.pause();
    while (waiting.length > 0) {
      await turn();
      const message = waiting.shift()!;
      // What came before the end of a socket that was closed is of no use to anybody.
      if (socket.readyState === socket.OPEN) take(message);
      else waiting.length = 0;
    }
    taking = false;
    socket.resume();
  };
  socket.on('message', (data: Buffer) => {
    waiting.push(data.toString('utf8'));
    if (!taking) void takeAll();
  });
}
