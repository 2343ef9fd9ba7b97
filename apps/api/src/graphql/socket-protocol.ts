import type http from 'node:http';
import { CloseCode, makeServer, type ServerOptions } from 'graphql-ws';
import type { WebSocket } from 'ws';
import { messagesInTurn } from './messages-in-turn.js';

export interface Extra extends Record<PropertyKey, unknown> {
  readonly request: http.IncomingMessage;
  readonly socket: WebSocket;
}

export interface ProtocolOptions extends ServerOptions<Record<string, unknown>, Extra> {
  /** Waited for before each message of a socket. */
  readonly turn: (socket: WebSocket, request: http.IncomingMessage, gone: AbortSignal) => Promise<void>;
  /** Told of what no client is told. */
  readonly failed: (error: unknown) => void;
}

/** A peer that does not answer a ping until the next is gone. In milliseconds. */
const PING_EVERY = 12_000;

/** Speaks graphql-transport-ws with each socket that it is given. */
export function speakProtocol({ turn, failed, ...options }: ProtocolOptions) {
  const protocol = makeServer(options);
  return (socket: WebSocket, request: http.IncomingMessage): void => {
    const gone = new AbortController();
    const ended = protocol.opened(
      {
        protocol: socket.protocol,
        // A socket that takes nothing any more is noticed when it closes.
        send: (data) =>
          new Promise((resolve) => {
            if (socket.readyState === socket.OPEN) socket.send(data, () => resolve());
            else resolve();
          }),
        close: (code, reason) => socket.close(code, reason),
        onMessage: (take) => {
          messagesInTurn(
            socket,
            () => turn(socket, request, gone.signal),
            (message) => {
              take(message).catch((error: unknown) => {
                failed(error);
                socket.close(CloseCode.InternalServerError, 'Internal server error');
              });
            },
          );
        },
      },
      { socket, request },
    );
    const stopPinging = keepAlive(socket);
    // One that breaks (an oversized message, a lost peer) closes itself: the client's affair, and not for the log.
    socket.on('error', () => undefined);
    socket.once('close', (code, reason) => {
      gone.abort();
      stopPinging();
      ended(code, reason.toString('utf8')).catch(failed);
    });
  };
}

function keepAlive(socket: WebSocket): () => void {
  let answered = true;
  socket.on('pong', () => (answered = true));
  const timer = setInterval(() => {
    if (!answered) socket.terminate();
    else if (socket.readyState === socket.OPEN) {
      answered = false;
      socket.ping();
    }
  }, PING_EVERY);
  return () => clearInterval(timer);
}
