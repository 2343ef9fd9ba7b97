import type { RecordedEvent, TenantId } from './event.js';
import { type EventStore, EventStoreUnavailable, type SubscriptionOptions } from './event-store.js';

/** How long a subscription waits before it looks without having been called. */
const LOOK_EVERY_MS = 1_000;

/** A store that can be asked for pages, and calls when a log has grown; a call may be missed now and then. */
export interface FollowedStore extends Pick<EventStore, 'readLog'> {
  /** @returns what ends it */
  onAppended(listener: (tenant: TenantId) => void): () => void;
}

type Pages = AsyncGenerator<readonly RecordedEvent[], void, void>;

/**
 * Pages of a log for ever; it outlives a server that is away for a while. Nothing is kept between one page and the next
 * but a position.
 *
 * A generator alone would answer `return()` only after the page that it waits for, which may never come.
 */
export function followLog(
  store: FollowedStore,
  tenant: TenantId,
  options: SubscriptionOptions,
  storeClosing?: AbortSignal,
): AsyncGenerator<readonly RecordedEvent[], void, void> {
  const bell = new Bell();
  const end = (): void => bell.end();
  const signals = [options.signal, storeClosing].filter((signal) => signal !== undefined);
  const forget = (): void => signals.forEach((signal) => signal.removeEventListener('abort', end));
  for (const signal of signals) {
    signal.addEventListener('abort', end);
    if (signal.aborted) end();
  }
  const pages = readPages(store, tenant, options, bell, forget);
  const following: Pages = {
    next: () => pages.next(),
    return: () => {
      end();
      // One that was never asked for a page has no "finally" to run.
      forget();
      return pages.return();
    },
    throw: (error) => {
      end();
      return pages.throw(error);
    },
    [Symbol.asyncIterator]: () => following,
    [Symbol.asyncDispose]: async () => void (await following.return()),
  };
  return following;
}

async function* readPages(
  store: FollowedStore,
  tenant: TenantId,
  { after, pageSize = 500 }: SubscriptionOptions,
  bell: Bell,
  ended: () => void,
): Pages {
  const deafen = store.onAppended((grown) => {
    if (grown === tenant) bell.ring();
  });
  try {
    let from = after;
    while (!bell.ended) {
      bell.hush();
      const page = await store.readLog(tenant, { from, limit: pageSize }).catch((error: unknown) => {
        if (error instanceof EventStoreUnavailable) return [];
        throw error;
      });
      if (bell.ended) return;
      if (page.length === 0) {
        await bell.rung(LOOK_EVERY_MS);
        continue;
      }
      from = page.at(-1)!.position;
      yield page;
    }
  } finally {
    deafen();
    ended();
  }
}

/** Remembers one ring until it is hushed, so that what happens while a page is read is not missed. */
class Bell {
  ended = false;
  private ringing = false;
  private answer: (() => void) | undefined;

  ring(): void {
    this.ringing = true;
    this.answer?.();
  }

  end(): void {
    this.ended = true;
    this.ring();
  }

  hush(): void {
    this.ringing = this.ended;
  }

  rung(withinMs: number): Promise<void> {
    if (this.ringing) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.answer?.(), withinMs);
      this.answer = () => {
        clearTimeout(timer);
        this.answer = undefined;
        resolve();
      };
    });
  }
}
