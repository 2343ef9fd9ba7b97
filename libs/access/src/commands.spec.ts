import { PeopleCommand, UnblindingCommand } from './commands.js';

const request = { type: 'requestUnblinding', request: 'r1', trial: 't', participant: 'P1', reason: 'an adverse event' };
const deny = { ...request, type: 'denyUnblinding' };
const revoke = { type: 'revokeRole', assignment: 'a1', reason: 'has left' };

it.each([request, deny])('$type says why', (command) => {
  const { reason: _, ...silent } = command;
  expect(UnblindingCommand.safeParse(command).success).toBe(true);
  expect(UnblindingCommand.safeParse(silent).success).toBe(false);
  expect(UnblindingCommand.safeParse({ ...command, reason: ' \n' }).success).toBe(false);
});

it('a role is revoked for a reason', () => {
  expect(PeopleCommand.safeParse(revoke).success).toBe(true);
  expect(PeopleCommand.safeParse({ ...revoke, reason: '' }).success).toBe(false);
});

it('nobody chooses in whose name they ask or decide, nor until when an arm is open', () => {
  const approve = { type: 'approveUnblinding', request: 'r1', trial: 't', participant: 'P1' };
  expect(UnblindingCommand.parse({ ...request, person: 'bob' })).toEqual(request);
  expect(UnblindingCommand.parse({ ...approve, person: 'bob', until: '2999-01-01T00:00:00Z' })).toEqual(approve);
});

it.each(['superuser', '', 'Trial_Manager', '__proto__'])('%p is no role', (role) => {
  expect(PeopleCommand.safeParse({ type: 'assignRole', assignment: 'a1', person: 'ann', role }).success).toBe(false);
});
