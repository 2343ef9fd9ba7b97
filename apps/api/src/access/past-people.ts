import { evolvePeople, nobodyYet, type People, peopleEventTypes, type PeopleEvent, peopleStream } from '@cairn/access';
import { EventCatalogue, type EventStore, type Instant, type TenantId } from '@cairn/event-sourcing';
import type { KnownPositions } from '@cairn/platform';

const catalogue = new EventCatalogue(peopleEventTypes);

/** Who the tenant's people were, how they were called and which roles they had, by what had been recorded. */
export class PastPeople {
  constructor(
    private readonly store: EventStore,
    private readonly positions: Pick<KnownPositions, 'at'>,
  ) {}

  async at(tenant: TenantId, knownAt: Instant): Promise<People> {
    const last = await this.positions.at(tenant, knownAt);
    const events = await this.store.readStream(tenant, peopleStream);
    return events
      .filter(({ position }) => position <= last)
      .reduce((people, event) => evolvePeople(people, catalogue.decode(event) as unknown as PeopleEvent), nobodyYet);
  }
}
