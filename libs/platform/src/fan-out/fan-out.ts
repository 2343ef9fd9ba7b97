import type pg from 'pg';

/** What is announced: logs that have grown, read models that have changed. */
export const HINT_TOPICS = ['appended', 'projected'] as const;
export type HintTopic = (typeof HINT_TOPICS)[number];

/** Whoever hears what other processes announce. */
export interface HintListener {
  heard(message: string): void;
  /** Hints are heard from now on; what was announced before may have passed by. Called at the beginning and after every gap. */
  connected(): void;
}

/**
 * Carries hints from each process to all others. A hint may come late, twice or not at all, so it says where to look and never what
 * is there; and whoever listens looks now and then without one, once a second while `hears` is false.
 */
export interface FanOut {
  /** Whether hints of other processes arrive here, as far as is known. */
  readonly hears: boolean;
  /** Whether what is announced on commit cannot get lost between the two, even if the process ends there. */
  readonly isAtomic: boolean;

  /** To the listeners of other processes. @returns when the messages are on their way, or lost; it never fails */
  announce(topic: HintTopic, messages: readonly string[]): Promise<void>;

  /**
   * Announces what a transaction brings when it has committed.
   * @param client in the transaction
   * @returns to be called after the commit
   */
  announceOnCommit(client: pg.ClientBase, topic: HintTopic, message: string): Promise<() => void>;

  /** @returns what ends it */
  listen(topic: HintTopic, listener: HintListener): () => void;

  close(): Promise<void>;
}

/** Announcements that wait for one that is under way; beyond, they are lost. */
const MAX_WAITING = 10_000;

/** What waits to be announced, each once. */
export class WaitingHints {
  private readonly byTopic = new Map<HintTopic, Set<string>>(HINT_TOPICS.map((topic) => [topic, new Set()]));

  add(topic: HintTopic, messages: readonly string[]): void {
    const waiting = this.byTopic.get(topic)!;
    for (const message of messages) if (waiting.size < MAX_WAITING) waiting.add(message);
  }

  /** All of it, in the order in which it came for each topic; then nothing waits. */
  take(): readonly { readonly topic: HintTopic; readonly message: string }[] {
    const taken = HINT_TOPICS.flatMap((topic) => [...this.byTopic.get(topic)!].map((message) => ({ topic, message })));
    for (const waiting of this.byTopic.values()) waiting.clear();
    return taken;
  }
}

/** Who listens to what. */
export class HintListeners {
  private readonly byTopic = new Map<HintTopic, Set<HintListener>>(HINT_TOPICS.map((topic) => [topic, new Set()]));

  /** Topics that somebody listens to. */
  get topics(): readonly HintTopic[] {
    return HINT_TOPICS.filter((topic) => this.byTopic.get(topic)!.size > 0);
  }

  add(topic: HintTopic, listener: HintListener): void {
    this.byTopic.get(topic)!.add(listener);
  }

  remove(topic: HintTopic, listener: HintListener): void {
    this.byTopic.get(topic)!.delete(listener);
  }

  heard(topic: HintTopic, message: string): void {
    for (const listener of this.byTopic.get(topic)!) listener.heard(message);
  }

  connected(): void {
    for (const listeners of this.byTopic.values()) for (const listener of listeners) listener.connected();
  }

  clear(): void {
    for (const listeners of this.byTopic.values()) listeners.clear();
  }
}
