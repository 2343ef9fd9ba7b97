import type { Server, ServerResponse } from 'node:http';

/** The requests that are being answered, so that a service which is told to end does not break them off. */
export class RequestsUnderWay {
  private readonly open = new Set<ServerResponse>();
  private ending = false;
  private done: (() => void) | undefined;

  constructor(private readonly server: Server) {
    server.prependListener('request', (_request, response) => {
      this.open.add(response);
      if (this.ending) response.shouldKeepAlive = false;
      response.once('close', () => {
        this.open.delete(response);
        if (this.open.size === 0) this.done?.();
      });
    });
  }

  /**
   * Takes no more connections, and ends each one with its answer, so that whoever asks next asks another instance.
   * @returns whether all were answered within so many milliseconds
   */
  async end(milliseconds: number): Promise<boolean> {
    this.ending = true;
    if (this.server.listening) this.server.close();
    for (const response of this.open) response.shouldKeepAlive = false;
    if (this.open.size === 0) return true;
    return new Promise((resolve) => {
      const timer = setTimeout(() => resolve(false), milliseconds);
      this.done = () => {
        clearTimeout(timer);
        resolve(true);
      };
    });
  }
}
