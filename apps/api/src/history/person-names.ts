import type { People } from '@cairn/access';
import type { TenantId } from '@cairn/event-sourcing';
import type { Viewers } from '../access/viewers.js';

/** How somebody is called in the tenant, or was among its people of then; whom it does not know is called by their id. */
export function personNames(viewers: Viewers): (tenant: TenantId, person: string, then?: People) => Promise<string> {
  const byPeople = new WeakMap<People, ReadonlyMap<string, string>>();
  return async (tenant, person, then) => {
    const people = then ?? (await viewers.people(tenant));
    const names = byPeople.get(people) ?? new Map(people.persons.map((each) => [each.person, each.name]));
    byPeople.set(people, names);
    return names.get(person) ?? person;
  };
}
