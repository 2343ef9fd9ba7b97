import {
  type Assignment,
  evolvePeople,
  nobodyYet,
  type People,
  peopleEventTypes,
  peopleStream,
  type Viewer,
  viewerOf,
} from '@cairn/access';
import { EventCatalogue, type EventStore, type TenantId } from '@cairn/event-sourcing';
import type { Identity } from '../identity/identity.js';
import { KeptFold, type TenantStream } from './kept-fold.js';

const people: TenantStream<People> = {
  stream: peopleStream,
  initial: nobodyYet,
  evolve: evolvePeople,
  catalogue: new EventCatalogue(peopleEventTypes),
};

/**
 * The roles of whoever asks, from the tenant's own log: a role that is revoked is gone for the next request, whatever the
 * token says, and for open subscriptions within seconds.
 */
export class Viewers {
  private readonly kept: KeptFold<People>;
  private readonly byPerson = new WeakMap<People, ReadonlyMap<string, readonly Assignment[]>>();

  constructor(
    store: EventStore,
    private readonly clock: () => number = Date.now,
  ) {
    this.kept = new KeptFold(store, people, clock);
  }

  /** Whoever asks, with the roles that they hold now. */
  async of(identity: Identity): Promise<Viewer> {
    const now = await this.kept.now(identity.tenant);
    const assignments = this.assignmentsOf(now).get(identity.person) ?? [];
    return viewerOf({ ...now, assignments }, identity, this.clock());
  }

  async people(tenant: TenantId): Promise<People> {
    return this.kept.now(tenant);
  }

  /** People or roles of the tenant have changed: the next question reads them anew. */
  changed(tenant: TenantId): void {
    this.kept.changed(tenant);
  }

  /** By person: a tenant may have thousands, and this is asked for with every request. */
  private assignmentsOf(now: People): ReadonlyMap<string, readonly Assignment[]> {
    const known = this.byPerson.get(now) ?? Map.groupBy(now.assignments, ({ person }) => person);
    this.byPerson.set(now, known);
    return known;
  }
}
