import { randomBytes } from 'node:crypto';
import { type KeyManagement, type KeyOwner, type StoredKey, type WrappedKeys } from './key-management.js';
import { RehearsedKeys } from './rehearsed-keys.js';
import { DATA_KEY_BYTES, Seal } from './seal.js';

/** What can be done with somebody's key now. */
export type ParticipantKey =
  { readonly kind: 'seal'; readonly seal: Seal } | { readonly kind: 'none' } | { readonly kind: 'destroyed' };

interface Kept {
  readonly wrapped: string;
  readonly seal: Seal;
  /** When its store last said that it is there, in milliseconds. */
  readonly saidAt: number;
}

/** A key that another process destroyed is forgotten within this time, in milliseconds. */
const TRUSTED_FOR_MS = 2_000;
const MAX_KEPT = 50_000;

/** The data keys of participants, each of which seals the free text about one. Methods throw KeysUnavailable. */
export class ParticipantKeys {
  private readonly kept = new Map<string, Kept>();
  private readonly finding = new Map<string, Promise<ParticipantKey>>();
  /** Counts what was destroyed here: what was being found meanwhile is not kept. */
  private destroyed = 0;

  constructor(
    private readonly management: KeyManagement,
    private readonly store: WrappedKeys,
    private readonly clock: () => number = () => performance.now(),
    private readonly trustedForMs = TRUSTED_FOR_MS,
  ) {}

  /** @param options `fresh`: asks the store, so that neither the answer nor its time tells whether somebody asked before */
  async find(owner: KeyOwner, { fresh = false }: { readonly fresh?: boolean } = {}): Promise<ParticipantKey> {
    const key = keyOf(owner);
    const kept = this.kept.get(key);
    if (!fresh && kept && this.clock() - kept.saidAt < this.trustedForMs) return { kind: 'seal', seal: kept.seal };
    const under = fresh ? undefined : this.finding.get(key);
    if (under) return under;
    const finding = this.look(owner, () => this.store.find(owner));
    this.finding.set(key, finding);
    try {
      return await finding;
    } finally {
      if (this.finding.get(key) === finding) this.finding.delete(key);
    }
  }

  /**
   * The participant's key; a new one is durable before it is given out.
   * @param options `even`: takes as long whether there is one or not, as far as that is ours to decide
   */
  async findOrMake(owner: KeyOwner, { even = false }: { readonly even?: boolean } = {}): Promise<ParticipantKey> {
    const found = await this.find(owner, { fresh: even });
    if (found.kind !== 'none' && !even) return found;
    const wrapped = await this.management.wrap(owner.tenant, randomBytes(DATA_KEY_BYTES));
    return this.look(owner, () => this.store.putIfNone(owner, wrapped));
  }

  /** Nothing that was sealed with it can be opened again. */
  async destroy(owner: KeyOwner): Promise<void> {
    this.forget(owner);
    await this.store.destroy(owner);
    this.forget(owner);
  }

  /** The same keys, to which nothing is added and of which none is destroyed but for whoever has these. */
  rehearsal(): ParticipantKeys {
    return new ParticipantKeys(this.management, new RehearsedKeys(this.store), this.clock, this.trustedForMs);
  }

  /** Trials of which keys are kept, or were. */
  trials(): ReturnType<WrappedKeys['trials']> {
    return this.store.trials();
  }

  private forget(owner: KeyOwner): void {
    this.destroyed++;
    this.kept.delete(keyOf(owner));
    this.finding.delete(keyOf(owner));
  }

  private async look(owner: KeyOwner, ask: () => Promise<StoredKey>): Promise<ParticipantKey> {
    const key = keyOf(owner);
    const saidAt = this.clock();
    const { destroyed } = this;
    const stored = await ask();
    if (stored.kind !== 'wrapped') {
      this.kept.delete(key);
      return stored;
    }
    const before = this.kept.get(key);
    const seal =
      before?.wrapped === stored.wrapped
        ? before.seal
        : new Seal(await this.management.unwrap(owner.tenant, stored.wrapped));
    if (destroyed === this.destroyed) {
      this.kept.delete(key);
      this.kept.set(key, { wrapped: stored.wrapped, seal, saidAt });
      if (this.kept.size > MAX_KEPT) this.kept.delete(this.kept.keys().next().value!);
    }
    return { kind: 'seal', seal };
  }
}

const keyOf = ({ tenant, trial, participant }: KeyOwner): string => JSON.stringify([tenant, trial, participant]);
