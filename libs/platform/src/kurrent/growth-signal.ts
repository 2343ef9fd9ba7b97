import type { TenantId } from '@cairn/event-sourcing';
import type { AppendedListener } from '../log-store.js';
import type { KurrentConnection, Subscription } from './connection.js';
import { EVENT_STREAMS, readEventStream } from './stream-names.js';

/** Milliseconds before a subscription that ended is made again. */
const AGAIN_AFTER = 300;

/** Tells which logs have grown: at once of this process's appends, of others' by a live subscription while anybody listens. */
export class GrowthSignal {
  private readonly listeners = new Set<AppendedListener>();
  private readonly reminded = new Set<() => void>();
  private subscription: Subscription | undefined;
  private again: NodeJS.Timeout | undefined;
  private readonly forget: () => void;

  constructor(private readonly connection: KurrentConnection) {
    this.forget = connection.onRenewed(() => this.restart());
  }

  appended(tenant: TenantId): void {
    for (const listener of this.listeners) listener(tenant);
  }

  /** @returns what ends it */
  listen(listener: AppendedListener): () => void {
    // One of its own, so that two may listen with the same function.
    const own: AppendedListener = (tenant) => listener(tenant);
    this.listeners.add(own);
    if (!this.subscription && this.again === undefined) this.start();
    return () => {
      this.listeners.delete(own);
      if (this.listeners.size === 0) this.stop();
    };
  }

  /** Calls when growth may have been missed. @returns what ends it */
  remind(call: () => void): () => void {
    const own = (): void => call();
    this.reminded.add(own);
    return () => this.reminded.delete(own);
  }

  close(): void {
    this.listeners.clear();
    this.forget();
    this.stop();
  }

  private start(): void {
    this.again = undefined;
    const subscription = this.connection.subscribe(EVENT_STREAMS);
    this.subscription = subscription;
    subscription.on('data', ({ event }) => {
      const name = event && readEventStream(event.streamId);
      if (name) this.appended(name.tenant);
    });
    // From here on nothing is missed; before, something may have been.
    subscription.on('confirmation', () => this.reminded.forEach((call) => call()));
    const ended = (): void => {
      if (this.subscription !== subscription) return;
      this.subscription = undefined;
      this.again = setTimeout(() => this.start(), AGAIN_AFTER);
    };
    subscription.on('error', ended);
    subscription.on('end', ended);
    subscription.on('close', ended);
  }

  private restart(): void {
    if (!this.subscription) return;
    this.stop();
    this.start();
  }

  private stop(): void {
    clearTimeout(this.again);
    this.again = undefined;
    const { subscription } = this;
    this.subscription = undefined;
    subscription?.unsubscribe().catch(() => undefined);
  }
}
