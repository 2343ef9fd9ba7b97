import pg from 'pg';
import { type FanOut, HINT_TOPICS, type HintListener, HintListeners, type HintTopic, WaitingHints } from './fan-out.js';

/** Known to every version: while services are replaced, old and new ones call each other. */
const CHANNELS = { appended: 'cairn_appended', projected: 'cairn_projected' } as const satisfies Record<
  HintTopic,
  string
>;
const RECONNECT_AFTER_MS = [50, 200, 1_000, 2_000];

export interface PostgresFanOutOptions {
  readonly url: string;
  readonly role: string;
  readonly applicationName: string;
}

/**
 * Hints by NOTIFY, over one connection that is opened at first need and made again whenever it is lost. What is announced with a
 * transaction is announced if and only if it commits, and so cannot get lost with the process.
 */
export class PostgresFanOut implements FanOut {
  readonly isAtomic = true;
  private readonly listeners = new HintListeners();
  private readonly waiting = new WaitingHints();
  private sending: Promise<void> | undefined;
  private client: pg.Client | undefined;
  private connecting: Promise<void> | undefined;
  private reconnecting: NodeJS.Timeout | undefined;
  /** Whether there is something that the listeners may have missed. */
  private lost = false;
  private closed = false;

  constructor(private readonly options: PostgresFanOutOptions) {}

  get hears(): boolean {
    return this.client !== undefined;
  }

  announce(topic: HintTopic, messages: readonly string[]): Promise<void> {
    this.waiting.add(topic, messages);
    return (this.sending ??= this.send().finally(() => (this.sending = undefined)));
  }

  async announceOnCommit(client: pg.ClientBase, topic: HintTopic, message: string): Promise<() => void> {
    await client.query('select pg_notify($1, $2)', [CHANNELS[topic], message]);
    return () => undefined;
  }

  listen(topic: HintTopic, listener: HintListener): () => void {
    // A wrapper of its own: the same listener given twice is two.
    const own: HintListener = { heard: (message) => listener.heard(message), connected: () => listener.connected() };
    this.listeners.add(topic, own);
    void this.hear(topic, own);
    return () => this.listeners.remove(topic, own);
  }

  async close(): Promise<void> {
    this.closed = true;
    this.listeners.clear();
    clearTimeout(this.reconnecting);
    await this.connecting;
    const { client } = this;
    this.client = undefined;
    await client?.end().catch(() => undefined);
  }

  /** What comes while one statement is under way is the next one. */
  private async send(): Promise<void> {
    for (;;) {
      await this.connect();
      const hints = this.waiting.take();
      if (hints.length === 0) return;
      await this.client
        ?.query('select pg_notify(channel, message) from unnest($1::text[], $2::text[]) as hint (channel, message)', [
          hints.map(({ topic }) => CHANNELS[topic]),
          hints.map(({ message }) => message),
        ])
        .catch(() => undefined);
    }
  }

  /** A connection that is there, or was being made, may have to hear one more channel. */
  private async hear(topic: HintTopic, listener: HintListener): Promise<void> {
    await this.connect();
    const { client } = this;
    if (!client) return;
    const listening = await client.query(`listen ${CHANNELS[topic]}`).catch(() => undefined);
    if (listening && this.client === client) listener.connected();
  }

  private connect(): Promise<void> {
    if (this.client || this.reconnecting || this.closed) return Promise.resolve();
    return this.opening(0);
  }

  private opening(attempt: number): Promise<void> {
    this.connecting ??= this.open(attempt).finally(() => (this.connecting = undefined));
    return this.connecting;
  }

  private async open(attempt: number): Promise<void> {
    const { url, role, applicationName } = this.options;
    const client = new pg.Client({
      connectionString: url,
      // A hint need not reach the disk.
      options: `-c role=${role} -c synchronous_commit=off`,
      application_name: applicationName,
      connectionTimeoutMillis: 10_000,
      keepAlive: true,
    });
    client.on('error', () => undefined);
    client.on('notification', ({ channel, payload, processId }) => {
      const own = processId === (client as unknown as { processID: number }).processID;
      const topic = HINT_TOPICS.find((each) => CHANNELS[each] === channel);
      if (topic !== undefined && payload !== undefined && !own) this.listeners.heard(topic, payload);
    });
    try {
      await client.connect();
      for (const topic of this.listeners.topics) await client.query(`listen ${CHANNELS[topic]}`);
    } catch {
      await client.end().catch(() => undefined);
      this.lost = true;
      this.reconnect(attempt + 1);
      return;
    }
    client.once('end', () => {
      if (this.client !== client) return;
      this.client = undefined;
      this.lost = true;
      this.reconnect(0);
    });
    if (this.closed) return void (await client.end().catch(() => undefined));
    this.client = client;
    if (this.lost) this.listeners.connected();
    this.lost = false;
  }

  private reconnect(attempt: number): void {
    if (this.closed || this.reconnecting) return;
    this.reconnecting = setTimeout(
      () => {
        this.reconnecting = undefined;
        if (!this.client) void this.opening(attempt);
      },
      RECONNECT_AFTER_MS[Math.min(attempt, RECONNECT_AFTER_MS.length - 1)],
    ).unref();
  }
}
