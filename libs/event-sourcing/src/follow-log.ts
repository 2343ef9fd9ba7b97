import type { RecordedEvent, TenantId } from './event.js';
import { type EventStore, EventStoreUnavailable, type SubscriptionOptions } from './event-store.js';

/** A store that can be asked for pages, and calls when a log has grown. */
export interface FollowedStore extends Pick<EventStore, 'readLog'> {
  /** @returns what ends it */
  onAppended(listener: (tenant: TenantId) => void): () => void;
}

/** What a store adds whose calls can be missed, and which can be closed. */
export interface FollowingAid {
  readonly closing?: AbortSignal;
  /** Calls now and then, so that the log is looked at without having grown. @returns what ends it */
  remind?(call: () => void): () => void;
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
  aid: FollowingAid = {},
): AsyncGenerator<readonly RecordedEvent[], void, void> {
  const bell = new Bell();
  const end = (): void => bell.end();
  const signals = [options.signal, aid.closing].filter((signal) => signal !== undefined);
  const forget = (): void => signals.forEach((signal) => signal.removeEventListener('abort', end));
  for (const signal of signals) {
    signal.addEventListener('abort', end);
    if (signal.aborted) end();
  }
  const pages = readPages(store, tenant, options, bell, aid, forget);
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
  aid: FollowingAid,
  ended: () => void,
): Pages {
  const deafen = store.onAppended((grown) => {
    if (grown === tenant) bell.ring();
  });
  const forgo = aid.remind?.(() => bell.ring());
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
        await bell.rung();
        continue;
      }
      from = page.at(-1)!.position;
      yield page;
    }
  } finally {
    deafen();
    forgo?.();
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

  rung(): Promise<void> {
    if (this.ringing) return Promise.resolve();
    return new Promise((resolve) => {
      this.answer = () => {
        this.answer = undefined;
        resolve();
      };
    });
  }
}
