import { type Instant, parseInstant, type TenantId } from '@cairn/event-sourcing';
import type { PeopleEvent } from './events.js';
import { type Assignment, type Scope, Viewer } from './viewer.js';

/** Somebody whom the tenant knows. */
export interface Person {
  readonly person: string;
  readonly name: string;
}

/** The tenant's people and their roles. */
export interface People {
  /** By rising id. */
  readonly persons: readonly Person[];
  /** Those that were not revoked, in the order in which they were assigned; some may have ended by time. */
  readonly assignments: readonly Assignment[];
  /** In the order in which they were revoked. */
  readonly revoked: readonly Assignment[];
}

export const nobodyYet: People = { persons: [], assignments: [], revoked: [] };

export function evolve(people: People, event: PeopleEvent): People {
  switch (event.type) {
    case 'PersonRegistered': {
      const others = people.persons.filter(({ person }) => person !== event.data.person);
      const persons = [...others, event.data].sort((a, b) => (a.person < b.person ? -1 : 1));
      return { ...people, persons };
    }
    case 'RoleAssigned':
      return { ...people, assignments: [...people.assignments, event.data] };
    case 'RoleRevoked': {
      const isIt = ({ assignment }: Assignment): boolean => assignment === event.data.assignment;
      return {
        ...people,
        assignments: people.assignments.filter((each) => !isIt(each)),
        revoked: [...people.revoked, ...people.assignments.filter(isIt)],
      };
    }
    default:
      return event satisfies never;
  }
}

/** A role that is time-boxed ends at its `until`. */
export const hasEnded = ({ until }: Assignment, now: Instant): boolean =>
  until !== undefined && parseInstant(until)! <= now;

/** Somebody as the tenant knows them at this moment; whom it does not know has no roles. */
export function viewerOf(
  people: People,
  asking: {
    readonly tenant: TenantId;
    readonly person: string;
    readonly name: string;
    readonly scopes: ReadonlySet<Scope>;
  },
  now: Instant,
): Viewer {
  const assignments = people.assignments.filter((each) => each.person === asking.person && !hasEnded(each, now));
  const ends = assignments.flatMap(({ until }) => (until === undefined ? [] : [parseInstant(until)!]));
  return Viewer.of({ ...asking, assignments, validUntil: ends.length === 0 ? undefined : Math.min(...ends) });
}
