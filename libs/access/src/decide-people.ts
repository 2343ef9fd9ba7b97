import { accept, contentText, type Decider, type Decision, parseInstant } from '@cairn/event-sourcing';
import type { PeopleCommand } from './commands.js';
import type { PeopleEvent } from './events.js';
import { evolve, hasEnded, nobodyYet, type People } from './people.js';
import { type AccessRefused, type AccessWorld, refused } from './refusals.js';
import { isBlinded, roles, type RoleRequirements } from './roles.js';
import type { Assignment } from './viewer.js';

type CommandOf<Type extends PeopleCommand['type']> = Extract<PeopleCommand, { type: Type }>;
type AssignRole = CommandOf<'assignRole'>;
type AssignmentRule = (command: AssignRole, people: People, world: AccessWorld) => AccessRefused | undefined;

function decide(command: PeopleCommand, people: People, world: AccessWorld): Decision<PeopleEvent> {
  switch (command.type) {
    case 'registerPerson':
      return registerPerson(command, people, world);
    case 'assignRole':
      return assignRole(command, people, world);
    case 'revokeRole':
      return revokeRole(command, people, world);
    default:
      return command satisfies never;
  }
}

/** Somebody who is known already is known by the new name from then on. */
function registerPerson(
  { type: _, ...data }: CommandOf<'registerPerson'>,
  people: People,
  { now }: AccessWorld,
): Decision<PeopleEvent> {
  const known = people.persons.find(({ person }) => person === data.person);
  return known?.name === data.name ? accept() : accept({ type: 'PersonRegistered', occurredAt: now, data });
}

function assignRole(command: AssignRole, people: People, world: AccessWorld): Decision<PeopleEvent> {
  const { type: _, ...data } = command;
  const assigned = people.assignments.find(({ assignment }) => assignment === data.assignment);
  if (assigned && saysTheSame(assigned, data)) return accept();
  for (const rule of assignmentRules) {
    const refusal = rule(command, people, world);
    if (refusal) return refusal;
  }
  return accept({ type: 'RoleAssigned', occurredAt: world.now, data });
}

function revokeRole(command: CommandOf<'revokeRole'>, people: People, { now }: AccessWorld): Decision<PeopleEvent> {
  const { assignment, reason } = command;
  if (people.revoked.some((revoked) => revoked.assignment === assignment)) return accept();
  const assigned = people.assignments.find((each) => each.assignment === assignment);
  if (!assigned) return refused('ASSIGNMENT_UNKNOWN', 'assignment');
  const rest = people.assignments.filter((each) => each !== assigned);
  if (isLastingAdministrator(assigned) && !rest.some(isLastingAdministrator)) {
    return refused('LAST_ADMINISTRATOR', 'assignment');
  }
  return accept({ type: 'RoleRevoked', occurredAt: now, data: { assignment, person: assigned.person, reason } });
}

const personIsKnown: AssignmentRule = ({ person }, { persons }) =>
  persons.some((known) => known.person === person) ? undefined : refused('PERSON_UNKNOWN', 'person');

const idIsNew: AssignmentRule = ({ assignment }, { assignments, revoked }) =>
  [...assignments, ...revoked].some((each) => each.assignment === assignment)
    ? refused('ASSIGNMENT_EXISTS', 'assignment')
    : undefined;

const namesWhereItIsHeld: AssignmentRule = ({ role, trial, site, worker }) => {
  const { reach } = roles[role] as RoleRequirements;
  if (reach === 'whole tenant' && trial !== undefined) return refused('ROLE_TAKES_NO_TRIAL', 'trial');
  if (reach !== 'site' && site !== undefined) return refused('ROLE_TAKES_NO_SITE', 'site');
  if (reach !== 'worker' && worker !== undefined) return refused('ROLE_TAKES_NO_WORKER', 'worker');
  // Sites and workers are numbered by each trial anew.
  if ((reach === 'site' || reach === 'worker') && trial === undefined) return refused('ROLE_NEEDS_TRIAL', 'trial');
  if (reach === 'site' && site === undefined) return refused('ROLE_NEEDS_SITE', 'site');
  if (reach === 'worker' && worker === undefined) return refused('ROLE_NEEDS_WORKER', 'worker');
  return undefined;
};

const endsInTime: AssignmentRule = ({ role, until }, _, { now }) => {
  if (until === undefined) return roles[role].timeBoxed ? refused('ROLE_NEEDS_END', 'until') : undefined;
  return parseInstant(until)! > now ? undefined : refused('END_IN_PAST', 'until');
};

/**
 * The blind is not broken by a second role. It is not mended by revoking one either: what somebody knows of a trial's arms
 * they still know, so who once held such a role never assesses blind there. The other way round a blind role has to end first.
 */
const keepsTheBlind: AssignmentRule = (command, { assignments, revoked }, { now }) => {
  const beside = (all: readonly Assignment[]) =>
    all.filter((other) => other.person === command.person && overlap(other, command));
  const conflicts = roles[command.role].staysBlind
    ? beside([...assignments, ...revoked]).some(({ role }) => !isBlinded(role))
    : !isBlinded(command.role) &&
      beside(assignments).some((other) => roles[other.role].staysBlind && !hasEnded(other, now));
  return conflicts ? refused('ROLE_CONFLICT', 'role') : undefined;
};

const assignmentRules = [personIsKnown, idIsNew, namesWhereItIsHeld, endsInTime, keepsTheBlind] as const;

type InTrial = Pick<Assignment, 'trial'>;
const overlap = (one: InTrial, other: InTrial): boolean =>
  one.trial === undefined || other.trial === undefined || one.trial === other.trial;

/** One whose role ends by itself does not keep the tenant from being without. */
const isLastingAdministrator = ({ role, until }: Assignment): boolean =>
  role === 'sponsor_administrator' && until === undefined;

const TIMES: ReadonlySet<string> = new Set(['until']);
const saysTheSame = (one: Assignment, other: Assignment): boolean =>
  contentText(one, TIMES) === contentText(other, TIMES);

/** Who the tenant's people are, and what they may be. */
export const peopleDecider: Decider<PeopleCommand, PeopleEvent, People, AccessWorld> = {
  initial: nobodyYet,
  decide,
  evolve,
};
