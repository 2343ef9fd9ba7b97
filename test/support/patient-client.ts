import { setTimeout as pause } from 'node:timers/promises';
import type { Answer } from './running-api.js';

/** How long one request is tried, in milliseconds. */
const PATIENCE = 30_000;
const AGAIN_AFTER = 50;

/**
 * Asks as a client behind a load balancer does: whichever instance comes next, and another one where it may ask again. That is
 * where nobody answers, an answer breaks off, or it says that it cannot now (503) or not so soon (429). A command may be asked again
 * because it has an id.
 */
export class PatientClient {
  /** Requests that came to nothing and may not be asked again. */
  readonly failures: string[] = [];
  asked = 0;
  retried = 0;
  private turn = 0;
  private patience = PATIENCE;

  /** @param urls of the instances that there are now */
  constructor(
    private readonly urls: () => readonly string[],
    private readonly token: string,
  ) {}

  /** Nothing is asked again any more. */
  giveUp(): void {
    this.patience = 0;
  }

  /** The instance whose turn it is. */
  next(): string {
    const urls = this.urls();
    return urls[this.turn++ % urls.length]!;
  }

  /** @throws Error for what may not be asked again; it is among the failures too */
  async graphql(query: string, variables: object = {}): Promise<Answer> {
    this.asked++;
    const began = performance.now();
    for (;;) {
      const answer = await this.once(query, variables);
      if (typeof answer !== 'string') return answer;
      if (performance.now() - began > this.patience) return this.fail(`nothing but ${answer} for ${this.patience} ms`);
      this.retried++;
      await pause(AGAIN_AFTER);
    }
  }

  /** @returns why it may be asked again, where it may */
  private async once(query: string, variables: object): Promise<Answer | string> {
    let status: number;
    let text: string;
    try {
      const response = await fetch(`${this.next()}/graphql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${this.token}` },
        body: JSON.stringify({ query, variables }),
      });
      status = response.status;
      text = await response.text();
    } catch (error) {
      return String((error as { cause?: { code?: unknown } }).cause?.code ?? error);
    }
    if (status === 503 || status === 429) return String(status);
    if (status !== 200) return this.fail(`${status} ${text}`);
    const answer = JSON.parse(text) as Omit<Answer, 'status'>;
    if (answer.errors?.every(({ extensions }) => extensions.code === 'SERVICE_UNAVAILABLE'))
      return 'SERVICE_UNAVAILABLE';
    if (answer.errors) return this.fail(text);
    return { status, ...answer };
  }

  private fail(what: string): never {
    this.failures.push(what);
    throw new Error(what);
  }
}
