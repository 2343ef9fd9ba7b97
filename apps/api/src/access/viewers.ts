import {
  accessEventTypes,
  evolvePeople,
  nobodyYet,
  type People,
  type PeopleEvent,
  peopleStream,
  type Viewer,
  viewerOf,
} from '@cairn/access';
import { EventCatalogue, type EventStore, type TenantId } from '@cairn/event-sourcing';
import type { Identity } from '../identity/identity.js';

interface Kept {
  readonly people: People;
  /** Revision from which the stream is to be read on. */
  readonly next: number;
  readonly readAt: number;
}

/** A change of roles is heard of at once in this process; one that another process made is looked for after so long. */
const TRUSTED_FOR_MS = 1_000;
const MAX_TENANTS = 10_000;
const catalogue = new EventCatalogue(accessEventTypes);

/**
 * The roles of whoever asks, from the tenant's own log: a role that is revoked is gone for the next request, whatever the
 * token says, and for open subscriptions within seconds.
 */
export class Viewers {
  private readonly kept = new Map<TenantId, Kept>();
  private readonly reading = new Map<TenantId, Promise<Kept>>();

  constructor(
    private readonly store: EventStore,
    private readonly clock: () => number = Date.now,
  ) {}

  /** Whoever asks, with the roles that they hold now. */
  async of(identity: Identity): Promise<Viewer> {
    return viewerOf(await this.people(identity.tenant), identity, this.clock());
  }

  async people(tenant: TenantId): Promise<People> {
    const kept = this.kept.get(tenant);
    if (kept && this.clock() - kept.readAt < TRUSTED_FOR_MS) return kept.people;
    const reading = this.reading.get(tenant) ?? this.read(tenant, kept).finally(() => this.reading.delete(tenant));
    this.reading.set(tenant, reading);
    return (await reading).people;
  }

  /** People or roles of the tenant have changed: the next question reads them anew. */
  changed(tenant: TenantId): void {
    const kept = this.kept.get(tenant);
    if (kept) this.kept.set(tenant, { ...kept, readAt: -Infinity });
    this.reading.delete(tenant);
  }

  private async read(tenant: TenantId, before: Kept | undefined): Promise<Kept> {
    const readAt = this.clock();
    const events = await this.store.readStream(tenant, peopleStream, { from: before?.next ?? 0 });
    const people = events.reduce<People>(
      (state, event) => evolvePeople(state, catalogue.decode(event) as unknown as PeopleEvent),
      before?.people ?? nobodyYet,
    );
    const kept = { people, next: (events.at(-1)?.revision ?? (before?.next ?? 0) - 1) + 1, readAt };
    this.kept.delete(tenant);
    this.kept.set(tenant, kept);
    if (this.kept.size > MAX_TENANTS) this.kept.delete(this.kept.keys().next().value!);
    return kept;
  }
}
