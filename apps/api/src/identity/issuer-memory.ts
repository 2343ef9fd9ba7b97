import { LRUCache } from 'lru-cache';
import type { Adapter, AdapterConstructor, AdapterPayload } from 'oidc-provider';

/** Sign-ins that are under way, codes and sessions; beyond this the oldest are forgotten. */
const MAX_KEPT = 10_000;

/**
 * What the embedded issuer remembers: in memory, so that a restart forgets sign-ins that are under way. Tokens that were
 * issued need no memory.
 */
export function issuerMemory(): AdapterConstructor {
  const kept = new LRUCache<string, AdapterPayload>({ max: MAX_KEPT });
  const all = (wanted: (payload: AdapterPayload) => boolean): [string, AdapterPayload][] =>
    [...kept.entries()].filter(([, payload]) => wanted(payload));

  return class implements Adapter {
    constructor(private readonly model: string) {}

    async upsert(id: string, payload: AdapterPayload, expiresIn: number): Promise<void> {
      kept.set(this.key(id), payload, { ttl: expiresIn * 1_000 });
    }

    async find(id: string): Promise<AdapterPayload | undefined> {
      return kept.get(this.key(id));
    }

    async findByUid(uid: string): Promise<AdapterPayload | undefined> {
      return all((payload) => payload.uid === uid).find(([key]) => key.startsWith(this.key('')))?.[1];
    }

    /** No device signs in here by a code that a person types. */
    async findByUserCode(): Promise<undefined> {}

    async consume(id: string): Promise<void> {
      const payload = kept.get(this.key(id));
      if (payload) payload.consumed = Math.floor(Date.now() / 1_000);
    }

    async destroy(id: string): Promise<void> {
      kept.delete(this.key(id));
    }

    /** All that was made of a code that somebody used twice. */
    async revokeByGrantId(grantId: string): Promise<void> {
      for (const [key] of all((payload) => payload.grantId === grantId)) kept.delete(key);
    }

    private key(id: string): string {
      return `${this.model}:${id}`;
    }
  };
}
