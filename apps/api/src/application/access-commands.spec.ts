import { conductStream, peopleStream, unblindingStream } from '@cairn/access';
import type { CommandOutcome } from '@cairn/event-sourcing';
import { tenantStream } from '@cairn/registry';
import type { Identity } from '../identity/identity.js';
import { identityOf, registerTrial, SpecWorld, takeIn, TENANT } from './spec-world.js';

const codeOf = (outcome: CommandOutcome): string => (outcome.kind === 'refused' ? outcome.refusal.code : 'accepted');

describe('a tenant without people', () => {
  let world: SpecWorld;
  const founder: Identity = { ...identityOf('founder@test'), name: 'Fay' };
  const register = (who: Identity, name = 'Test', commandId?: string) =>
    world.give(who, 'registerTenant', { name }, commandId);
  const typesOf = async (stream: string) => (await world.store.readStream(TENANT, stream)).map(({ type }) => type);
  beforeEach(() => void (world = new SpecWorld()));

  it('is registered by who comes first, who becomes its administrator at once', async () => {
    expect(codeOf(await register(founder))).toBe('accepted');
    expect(await typesOf(tenantStream)).toEqual(['TenantRegistered']);
    const { persons, assignments } = await world.application.viewers.people(TENANT);
    expect(persons).toEqual([{ person: 'founder@test', name: 'Fay' }]);
    expect(assignments).toMatchObject([{ person: 'founder@test', role: 'sponsor_administrator' }]);
    expect(codeOf(await world.give(founder, 'registerPerson', { person: 'a', name: 'A' }))).toBe('accepted');
  });

  it('is nobody else’s after that, by its own name or another', async () => {
    await register(founder);
    for (const name of ['Test', 'Mine']) {
      expect(codeOf(await register(identityOf('stranger'), name))).toBe('FORBIDDEN');
    }
    expect(codeOf(await register(founder))).toBe('accepted');
    expect(codeOf(await register(founder, 'Mine'))).toBe('TENANT_EXISTS');
    expect(await typesOf(peopleStream)).toEqual(['PersonRegistered', 'RoleAssigned']);
  });

  it('many who come at once get one administrator', async () => {
    const all = await Promise.all(['a', 'b', 'c'].map((person) => register(identityOf(person))));
    expect(all.map(codeOf).sort()).toEqual(['FORBIDDEN', 'FORBIDDEN', 'accepted']);
    expect((await world.application.viewers.people(TENANT)).assignments).toHaveLength(1);
  });

  it('that was registered, but not its first person, is mended by giving the command again', async () => {
    const id = '00000000-0000-4000-8000-0000000000aa';
    const append = world.store.append.bind(world.store);
    world.store.append = (tenant, given) =>
      given.stream === peopleStream ? Promise.reject(new Error('killed')) : append(tenant, given);
    await expect(register(founder, 'Test', id)).rejects.toThrow('killed');
    world.store.append = append;
    expect(codeOf(await register(founder, 'Test', id))).toBe('accepted');
    expect(await typesOf(tenantStream)).toEqual(['TenantRegistered']);
    expect(await typesOf(peopleStream)).toEqual(['PersonRegistered', 'RoleAssigned']);
  });

  it('is not registered with a token that is not for recording, nor by other commands', async () => {
    expect(codeOf(await register({ ...founder, scopes: new Set(['cairn:operate'] as const) }))).toBe('FORBIDDEN');
    expect(codeOf(await world.give(founder, 'registerPerson', { person: 'a', name: 'A' }))).toBe('FORBIDDEN');
    expect(await world.store.tenants()).toEqual([]);
  });

  it('has a first person even when the issuer calls them by nothing', async () => {
    await register({ ...founder, name: ' ' });
    expect((await world.application.viewers.people(TENANT)).persons).toEqual([
      { person: 'founder@test', name: 'founder@test' },
    ]);
  });
});

describe('in a tenant with a trial', () => {
  let world: SpecWorld;
  let manager: Identity;
  let admin: Identity;
  let assessor: Identity;
  beforeEach(async () => {
    world = new SpecWorld();
    manager = await world.know('manager', { role: 'trial_manager' });
    admin = await world.know('admin', { role: 'sponsor_administrator' });
    assessor = await world.know('assessor', { role: 'blinded_outcome_assessor', trial: 't' });
    await registerTrial(world, manager, 't', ['S1', 'S2']);
    await takeIn(world, manager, { participant: 'P1', site: 'S1', worker: 'S1-W' });
    await takeIn(world, manager, { participant: 'P2', site: 'S2' });
    await world.know('anna');
  });

  test.each([
    [{ role: 'site_coordinator', trial: 't', site: 'S1' }, 'accepted'],
    [{ role: 'site_coordinator', trial: 't', site: 'S9' }, 'SITE_UNKNOWN'],
    [{ role: 'site_coordinator', trial: 'x', site: 'S1' }, 'TRIAL_UNKNOWN'],
    [{ role: 'peer_worker', trial: 't', worker: 'S1-W' }, 'accepted'],
    [{ role: 'peer_worker', trial: 't', worker: 'S9-W' }, 'WORKER_UNKNOWN'],
    [{ role: 'trial_manager' }, 'accepted'],
    [{ role: 'king' }, 'INVALID_INPUT'],
    [{ role: 'site_coordinator', trial: 't' }, 'ROLE_NEEDS_SITE'],
  ])('the role %j: %s', async (role, code) => {
    const given = { assignment: 'a', person: 'anna', ...role };
    expect(codeOf(await world.give(admin, 'assignRole', given))).toBe(code);
  });

  it('a role holds with the next command, and is gone with the next after its revocation', async () => {
    const anna = identityOf('anna');
    const followUp = { trial: 't', participant: 'P1', occurredAt: '2019-06-01T09:00:00Z' };
    expect(codeOf(await world.give(anna, 'recordFollowUp', followUp))).toBe('FORBIDDEN');
    const role = { assignment: 'a', person: 'anna', role: 'site_coordinator', trial: 't', site: 'S1' };
    await world.accepted(admin, 'assignRole', role);
    expect(codeOf(await world.give(anna, 'recordFollowUp', followUp))).toBe('accepted');
    await world.accepted(admin, 'revokeRole', { assignment: 'a', reason: 'left' });
    expect(codeOf(await world.give(anna, 'recordFollowUp', followUp))).toBe('FORBIDDEN');
  });

  it('an arm is opened by two people, and only of somebody who takes part', async () => {
    const request = { trial: 't', participant: 'P1', request: 'r', reason: 'fever' };
    const { reason: _, ...decision } = request;
    expect(codeOf(await world.give(assessor, 'requestUnblinding', { ...request, participant: 'P9' }))).toBe(
      'PARTICIPANT_UNKNOWN',
    );
    await world.accepted(assessor, 'requestUnblinding', request);
    expect(codeOf(await world.give(assessor, 'approveUnblinding', decision))).toBe('FORBIDDEN');
    await world.accepted(manager, 'requestUnblinding', { ...request, request: 'own' });
    expect(codeOf(await world.give(manager, 'approveUnblinding', { ...decision, request: 'own' }))).toBe('SAME_PERSON');
    await world.accepted(manager, 'approveUnblinding', decision);
    const recorded = await world.store.readStream(TENANT, unblindingStream('t', 'P1'));
    expect(recorded.map(({ type, actor }) => [type, actor])).toEqual([
      ['UnblindingRequested', 'assessor'],
      ['UnblindingRequested', 'manager'],
      ['UnblindingApproved', 'manager'],
    ]);
  });

  it('a site asks for arms of its own participants, as if there were no others', async () => {
    const coordinator = await world.know('co', { role: 'site_coordinator', trial: 't', site: 'S1' });
    const ask = (participant: string) =>
      world.give(coordinator, 'requestUnblinding', { trial: 't', participant, request: participant, reason: 'fever' });
    expect(codeOf(await ask('P1'))).toBe('accepted');
    expect(codeOf(await ask('P2'))).toBe('PARTICIPANT_UNKNOWN');
    expect(await ask('P2')).toEqual(await ask('P9'));
  });

  it('limits of the tenant are the operator’s to set, whose token says so', async () => {
    const operator: Identity = { ...identityOf('operations'), scopes: new Set(['cairn:operate'] as const) };
    const limits = { commandsPerMinute: 60 };
    for (const who of [manager, admin, identityOf('stranger')]) {
      expect(codeOf(await world.give(who, 'setTenantLimits', limits))).toBe('FORBIDDEN');
    }
    expect(codeOf(await world.give(operator, 'setTenantLimits', limits))).toBe('TENANT_UNKNOWN');
    await world.accepted(admin, 'registerTenant', { name: 'Test' });
    expect(await world.application.tenants.limits(TENANT)).toEqual({});
    await world.accepted(operator, 'setTenantLimits', limits);
    expect(await world.application.tenants.limits(TENANT)).toEqual(limits);
    // An operator sees no trial and records nothing in one.
    const followUp = { trial: 't', participant: 'P1', occurredAt: '2019-06-01T09:00:00Z' };
    expect(codeOf(await world.give(operator, 'recordFollowUp', followUp))).toBe('FORBIDDEN');
    expect(await world.store.readStream(TENANT, conductStream('operations'))).toEqual([]);
  });
});
