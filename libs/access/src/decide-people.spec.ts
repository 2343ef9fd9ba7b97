import { specFor } from '@cairn/event-sourcing/spec';
import type { PeopleCommand } from './commands.js';
import { peopleDecider } from './decide-people.js';
import type { PeopleEvent } from './events.js';
import type { Role } from './roles.js';
import type { Assignment } from './viewer.js';

const now = Date.parse('2018-06-01T00:00:00Z');
const earlier = now - 1;
const { given } = specFor(peopleDecider, { now, actor: 'admin' });

type Details = Partial<Omit<Assignment, 'role'>>;
const assign = (role: Role, details: Details = {}): Extract<PeopleCommand, { type: 'assignRole' }> => ({
  type: 'assignRole',
  assignment: 'a1',
  person: 'ann',
  role,
  ...details,
});
const assigned = (role: Role, details: Details = {}, occurredAt = earlier): PeopleEvent => ({
  type: 'RoleAssigned',
  occurredAt,
  data: { assignment: 'a1', person: 'ann', role, ...details },
});
const revoked = (assignment: string): PeopleEvent => ({
  type: 'RoleRevoked',
  occurredAt: earlier,
  data: { assignment, person: 'ann', reason: 'has left' },
});
const ann: PeopleEvent = { type: 'PersonRegistered', occurredAt: earlier, data: { person: 'ann', name: 'Ann' } };
const future = '2018-06-01T00:00:00.001Z';

describe('a person', () => {
  const register = { type: 'registerPerson', person: 'ann', name: 'Ann' } as const;
  it('is registered', () =>
    given()
      .when(register)
      .then({ ...ann, occurredAt: now }));
  it('registered again changes nothing', () => given(ann).when(register).then());
  it('is known by another name from then on', () =>
    given(ann)
      .when({ ...register, name: 'Ann Lee' })
      .then({ type: 'PersonRegistered', occurredAt: now, data: { person: 'ann', name: 'Ann Lee' } }));
});

describe('a role', () => {
  it.each([
    ['in every trial of the tenant', assign('trial_manager')],
    ['in one trial', assign('trial_manager', { trial: 't' })],
    ['at a site', assign('site_coordinator', { trial: 't', site: 'S1' })],
    ['of a worker', assign('peer_worker', { trial: 't', worker: 'W1' })],
    ['for a time', assign('dmc_member', { trial: 't', until: future })],
    ['for a time that it need not have', assign('auditor', { until: future })],
  ])('%s is assigned', (_, command) => {
    const { type: _type, ...data } = command;
    given(ann).when(command).then({ type: 'RoleAssigned', occurredAt: now, data });
  });

  it('assigned again changes nothing, however the time is written', () =>
    given(ann, assigned('dmc_member', { until: '2018-07-01T00:00:00Z' }))
      .when(assign('dmc_member', { until: '2018-07-01T01:00:00+01:00' }))
      .then());
  it('under the id of another assignment is refused', () =>
    given(ann, assigned('auditor')).when(assign('trial_manager')).thenRefused('ASSIGNMENT_EXISTS', 'assignment'));
  it('under the id of one that was revoked is refused, be it the same', () =>
    given(ann, assigned('auditor'), revoked('a1'))
      .when(assign('auditor'))
      .thenRefused('ASSIGNMENT_EXISTS', 'assignment'));
  it('of somebody unknown is refused', () => given().when(assign('auditor')).thenRefused('PERSON_UNKNOWN', 'person'));

  it.each([
    ['ROLE_TAKES_NO_TRIAL', 'trial', assign('sponsor_administrator', { trial: 't' })],
    ['ROLE_TAKES_NO_SITE', 'site', assign('trial_manager', { trial: 't', site: 'S1' })],
    ['ROLE_TAKES_NO_SITE', 'site', assign('peer_worker', { trial: 't', site: 'S1', worker: 'W1' })],
    ['ROLE_TAKES_NO_WORKER', 'worker', assign('site_viewer', { trial: 't', site: 'S1', worker: 'W1' })],
    ['ROLE_NEEDS_TRIAL', 'trial', assign('site_coordinator', { site: 'S1' })],
    ['ROLE_NEEDS_TRIAL', 'trial', assign('peer_worker', { worker: 'W1' })],
    ['ROLE_NEEDS_SITE', 'site', assign('site_coordinator', { trial: 't' })],
    ['ROLE_NEEDS_WORKER', 'worker', assign('peer_worker', { trial: 't' })],
    ['ROLE_NEEDS_END', 'until', assign('dmc_member', { trial: 't' })],
    ['END_IN_PAST', 'until', assign('dmc_member', { until: '2018-06-01T00:00:00Z' })],
  ])('is refused as %s', (code, field, command) => given(ann).when(command).thenRefused(code, field));
});

describe('a blind assessor', () => {
  const assessor = (trial?: string) =>
    assign('blinded_outcome_assessor', { assignment: 'a2', ...(trial && { trial }) });
  it.each(['trial_manager', 'auditor', 'unblinded_statistician'] as const)('is not a %s of the same trial', (role) =>
    given(ann, assigned(role, { trial: 't' }))
      .when(assessor('t'))
      .thenRefused('ROLE_CONFLICT', 'role'),
  );
  it('of all trials has no such role in any', () =>
    given(ann, assigned('auditor', { trial: 't' }))
      .when(assessor())
      .thenRefused('ROLE_CONFLICT', 'role'));
  it('of a trial has no such role in all', () =>
    given(ann, assigned('auditor')).when(assessor('t')).thenRefused('ROLE_CONFLICT', 'role'));
  it('has had none that has ended', () =>
    given(ann, assigned('dmc_member', { until: '2018-05-01T00:00:00Z' }))
      .when(assessor('t'))
      .thenRefused('ROLE_CONFLICT', 'role'));
  it('has had none that was revoked', () =>
    given(ann, assigned('auditor'), revoked('a1')).when(assessor('t')).thenRefused('ROLE_CONFLICT', 'role'));
  it('is given none', () =>
    given(ann, assigned('blinded_outcome_assessor', { trial: 't' }))
      .when(assign('trial_manager', { assignment: 'a2' }))
      .thenRefused('ROLE_CONFLICT', 'role'));
  it.each([
    ['was revoked', [assigned('blinded_outcome_assessor'), revoked('a1')]],
    ['has ended', [assigned('blinded_outcome_assessor', { until: '2018-06-01T00:00:00Z' })]],
  ])('may be given another role once theirs %s', (_, past) => {
    const { type: _type, ...data } = assign('trial_manager', { assignment: 'a2' });
    given(ann, ...past)
      .when(assign('trial_manager', { assignment: 'a2' }))
      .then({ type: 'RoleAssigned', occurredAt: now, data });
  });
  it.each([
    ['another trial', assigned('trial_manager', { trial: 'other' })],
    ['a role that is blinded too', assigned('sponsor_administrator')],
    ['somebody else', assigned('trial_manager', { person: 'bob' })],
  ])('is not in the way of %s', (_, past) => {
    const { type: _type, ...data } = assessor('t');
    given(ann, past).when(assessor('t')).then({ type: 'RoleAssigned', occurredAt: now, data });
  });
});

describe('revoking a role', () => {
  const revoke = { type: 'revokeRole', assignment: 'a1', reason: 'has left' } as const;
  it('keeps the reason', () =>
    given(ann, assigned('auditor'))
      .when(revoke)
      .then({ ...revoked('a1'), occurredAt: now }));
  it('again changes nothing', () => given(ann, assigned('auditor'), revoked('a1')).when(revoke).then());
  it('that is not there is refused', () => given(ann).when(revoke).thenRefused('ASSIGNMENT_UNKNOWN', 'assignment'));

  const another = (details: Details = {}) => assigned('sponsor_administrator', { assignment: 'a2', ...details });
  it('of an administrator leaves another', () =>
    given(ann, assigned('sponsor_administrator'), another({ person: 'bob' }))
      .when(revoke)
      .then({ ...revoked('a1'), occurredAt: now }));
  it('of the last administrator is refused', () =>
    given(ann, assigned('sponsor_administrator'), assigned('auditor', { assignment: 'a2' }))
      .when(revoke)
      .thenRefused('LAST_ADMINISTRATOR', 'assignment'));
  it('of the last administrator whose role has no end is refused', () =>
    given(ann, assigned('sponsor_administrator'), another({ until: future }))
      .when(revoke)
      .thenRefused('LAST_ADMINISTRATOR', 'assignment'));
});
