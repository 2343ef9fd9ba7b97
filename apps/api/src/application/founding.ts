import {
  type AccessWorld,
  type People,
  type PeopleCommand,
  peopleDecider,
  type PeopleEvent,
  personRegistration,
} from '@cairn/access';
import type { Decider } from '@cairn/event-sourcing';
import { notForTheRole } from './within-reach.js';

/** Of the one assignment that nobody gives. */
const FOUNDER = 'founder';

/** What makes somebody the first person of a tenant, and able to give others their roles. */
export const foundingCommands = (person: string, name: string): readonly PeopleCommand[] => [
  // An issuer may call people by nothing, or by what cannot be stored.
  { type: 'registerPerson', person, name: personRegistration.safeParse({ person, name }).success ? name : person },
  { type: 'assignRole', assignment: FOUNDER, person, role: 'sponsor_administrator' },
];

/** The rules of people, for a tenant that has none: whoever comes first may let themselves in, and nobody after them. */
export const foundingDecider: Decider<PeopleCommand, PeopleEvent, People, AccessWorld> = {
  ...peopleDecider,
  decide(command, people, world) {
    const { persons, assignments, revoked } = people;
    const isFirst =
      persons.every(({ person }) => person === world.actor) && assignments.length === 0 && revoked.length === 0;
    return isFirst ? peopleDecider.decide(command, people, world) : notForTheRole;
  },
};
