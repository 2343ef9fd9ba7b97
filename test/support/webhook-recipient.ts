import http from 'node:http';
import type { AddressInfo } from 'node:net';

/** A message that came, whatever was answered. */
export interface Received {
  readonly id: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** Answered with 2xx. */
  readonly taken: boolean;
}

/** What a recipient answers; undefined: nothing, ever. */
export type Answer = { readonly status: number; readonly headers?: http.OutgoingHttpHeaders } | undefined;

/** Somebody on this machine to whom webhooks are sent. */
export class WebhookRecipient {
  /** In the order in which they came. */
  readonly received: Received[] = [];
  answer: (message: Omit<Received, 'taken'>) => Answer = () => ({ status: 204 });

  private constructor(private readonly server: http.Server) {}

  static async start(): Promise<WebhookRecipient> {
    const server = http.createServer();
    const recipient = new WebhookRecipient(server);
    server.on('request', (request, response) => {
      let body = '';
      request.on('data', (chunk) => (body += String(chunk)));
      request.on('end', () => {
        const headers = request.headers as Record<string, string>;
        const message = { id: headers['webhook-id']!, headers, body };
        const answer = recipient.answer(message);
        recipient.received.push({ ...message, taken: answer !== undefined && answer.status < 300 });
        if (answer) response.writeHead(answer.status, answer.headers).end();
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return recipient;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/hooks`;
  }

  /** What the messages tell of that were taken. */
  get taken(): readonly string[] {
    return this.received.filter(({ taken }) => taken).map(({ id }) => id);
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}
