import { randomUUID } from 'node:crypto';
import { accessEventTypes, type Assignment, peopleStream, roles } from '@cairn/access';
import { EventCatalogue, type EventStore, formatInstant, type TenantId } from '@cairn/event-sourcing';

/** A role as a test gives it: what has to be there and is not the point of the test is filled in. */
export type GivenRole = Omit<Assignment, 'assignment' | 'person'>;

const catalogue = new EventCatalogue(accessEventTypes);
const YEAR = 365 * 86_400_000;

/** Makes somebody known to the tenant and gives them roles, past every rule: how it is, not how it came to be. */
export async function appendPerson(
  store: EventStore,
  tenant: TenantId,
  person: string,
  given: readonly GivenRole[],
): Promise<void> {
  const now = Date.now();
  const assigned = given.map((role) => ({
    type: 'RoleAssigned' as const,
    occurredAt: now,
    data: {
      assignment: randomUUID(),
      person,
      ...(roles[role.role].timeBoxed && { until: formatInstant(now + YEAR) }),
      ...role,
    },
  }));
  const registered = { type: 'PersonRegistered' as const, occurredAt: now, data: { person, name: person } };
  await store.append(tenant, {
    stream: peopleStream,
    expected: 'any',
    commandId: randomUUID(),
    events: [registered, ...assigned].map((event) => catalogue.encode(event)),
    actor: 'test',
  });
}
