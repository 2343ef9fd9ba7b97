import type { EventCatalogue, EventStore, TenantId } from '@cairn/event-sourcing';

/** A stream that every tenant has one of, and what it amounts to. */
export interface TenantStream<State> {
  readonly stream: string;
  readonly initial: State;
  readonly evolve: (state: State, event: never) => State;
  readonly catalogue: EventCatalogue;
}

interface Kept<State> {
  readonly state: State;
  /** Revision from which the stream is to be read on. */
  readonly next: number;
  readonly readAt: number;
}

const MAX_TENANTS = 10_000;

/**
 * What a stream amounts to, kept so that a request need not read it. A change made in this process is told and seen at once;
 * one that another process made is looked for after a second.
 */
export class KeptFold<State> {
  private readonly kept = new Map<TenantId, Kept<State>>();
  private readonly reading = new Map<TenantId, Promise<Kept<State>>>();

  constructor(
    private readonly store: EventStore,
    private readonly of: TenantStream<State>,
    private readonly clock: () => number,
    private readonly trustedForMs = 1_000,
  ) {}

  /**
   * Without a promise where nothing has to be waited for: this is asked by every request. What is half as old as it may
   * become is read again meanwhile, so that a tenant that asks all the time never waits for it.
   */
  now(tenant: TenantId): State | Promise<State> {
    const kept = this.kept.get(tenant);
    const age = kept ? this.clock() - kept.readAt : Infinity;
    if (!kept || age >= this.trustedForMs) return this.readOnce(tenant, kept).then(({ state }) => state);
    // Should the store not answer, whoever asks when it has become too old is told.
    if (age >= this.trustedForMs / 2) this.readOnce(tenant, kept).catch(() => undefined);
    return kept.state;
  }

  /** The stream has grown: the next question reads it on. */
  changed(tenant: TenantId): void {
    const kept = this.kept.get(tenant);
    if (kept) this.kept.set(tenant, { ...kept, readAt: -Infinity });
    // What is being read may have begun before the change.
    this.reading.delete(tenant);
  }

  private readOnce(tenant: TenantId, before: Kept<State> | undefined): Promise<Kept<State>> {
    const under = this.reading.get(tenant);
    if (under) return under;
    const reading: Promise<Kept<State>> = this.read(tenant, before)
      .then((after) => {
        if (this.reading.get(tenant) === reading) this.keep(tenant, after);
        return after;
      })
      .finally(() => {
        if (this.reading.get(tenant) === reading) this.reading.delete(tenant);
      });
    this.reading.set(tenant, reading);
    return reading;
  }

  private async read(tenant: TenantId, before: Kept<State> | undefined): Promise<Kept<State>> {
    const readAt = this.clock();
    const { stream, initial, catalogue } = this.of;
    const from = before?.next ?? 0;
    const events = await this.store.readStream(tenant, stream, { from });
    const state = events.reduce(
      (folded, event) => this.of.evolve(folded, catalogue.decode(event) as never),
      before?.state ?? initial,
    );
    return { state, next: from + events.length, readAt };
  }

  private keep(tenant: TenantId, kept: Kept<State>): void {
    this.kept.delete(tenant);
    this.kept.set(tenant, kept);
    if (this.kept.size > MAX_TENANTS) this.kept.delete(this.kept.keys().next().value!);
  }
}
