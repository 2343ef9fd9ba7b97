import { decideField, fieldRules, ruleOf } from './fields.js';
import { commandRights } from './policy.js';
import type { Role } from './roles.js';
import { type Assignment, type Scope, Viewer } from './viewer.js';

const viewer = (role: Role | undefined, scopes: readonly Scope[] = [], details: Partial<Assignment> = {}): Viewer =>
  Viewer.of({
    tenant: 'enrich',
    person: 'ann',
    name: 'Ann',
    assignments: role ? [{ assignment: '1', person: 'ann', role, trial: 't', ...details }] : [],
    scopes: new Set(scopes),
    validUntil: undefined,
  });
const ofTenant: Partial<Assignment> = { trial: undefined };
const shown = (who: Viewer, field: string, trial: string | undefined = 't') => {
  const [type, name] = field.split('.') as [string, string];
  const decision = decideField(who, ruleOf(type, name)!, trial);
  return decision.kind === 'shown' ? 'shown' : decision.reason;
};

describe('a field', () => {
  it.each<[string, Viewer, string]>([
    ['Trial.engagement', viewer('trial_manager'), 'shown'],
    ['Trial.engagement', viewer('site_viewer', [], { site: 'S1' }), 'shown'],
    ['Trial.engagement', viewer('blinded_outcome_assessor'), 'BLINDED'],
    ['Trial.engagement', viewer('peer_worker', [], { worker: 'W1' }), 'NOT_IN_ROLE'],
    ['Trial.engagement', viewer(undefined), 'NOT_IN_ROLE'],
    ['SiteEngagement.fidelity', viewer('site_viewer', [], { site: 'S1' }), 'NOT_IN_ROLE'],
    ['Participant.dischargedAt', viewer('blinded_outcome_assessor'), 'shown'],
    ['Participant.status', viewer('blinded_outcome_assessor'), 'BLINDED'],
    ['Participant.arm', viewer('dmc_member'), 'NOT_IN_ROLE'],
    ['Participant.arm', viewer('auditor'), 'shown'],
    ['Trial.head', viewer('machine_subscriber'), 'shown'],
    ['Query.trial', viewer(undefined), 'shown'],
    ['Mutation.registerTenant', viewer(undefined), 'shown'],
    ['Mutation.recordDischarge', viewer('site_coordinator', [], { site: 'S1' }), 'shown'],
    ['Mutation.recordDischarge', viewer('peer_worker', [], { worker: 'W1' }), 'NOT_IN_ROLE'],
  ])('%s', (field, who, expected) => expect(shown(who, field)).toBe(expected));

  it('of a trial is shown in no other trial, and nowhere without one', () => {
    expect(shown(viewer('trial_manager'), 'Trial.engagement', 'other')).toBe('NOT_IN_ROLE');
    expect(decideField(viewer('trial_manager'), ruleOf('Trial', 'engagement')!)).toEqual({
      kind: 'sealed',
      reason: 'NOT_IN_ROLE',
    });
  });

  it('of the tenant is shown to whose role is one in all trials', () => {
    expect(shown(viewer('auditor'), 'Query.conduct')).toBe('NOT_IN_ROLE');
    expect(shown(viewer('auditor', [], ofTenant), 'Query.conduct')).toBe('shown');
    expect(shown(viewer('sponsor_administrator', [], ofTenant), 'Query.readModels')).toBe('NOT_IN_ROLE');
  });

  it('is for tokens that are good for it', () => {
    const limitedTo = (...scopes: Scope[]) => viewer('trial_manager', scopes);
    expect(shown(limitedTo('cairn:record'), 'Query.trial')).toBe('NOT_IN_ROLE');
    expect(shown(limitedTo('cairn:read'), 'Query.trial')).toBe('shown');
    expect(shown(limitedTo('cairn:read'), 'Mutation.recordDischarge')).toBe('NOT_IN_ROLE');
    expect(shown(limitedTo('cairn:record'), 'Mutation.recordDischarge')).toBe('shown');
    expect(shown(limitedTo('cairn:read'), 'Subscription.engagementChanged')).toBe('NOT_IN_ROLE');
    expect(shown(limitedTo('cairn:subscribe'), 'Subscription.engagementChanged')).toBe('shown');
  });

  it('of operation is for operators alone, whatever roles somebody has', () => {
    const operator = viewer(undefined, ['cairn:operate']);
    for (const field of ['Mutation.rebuildReadModel', 'Mutation.setTenantLimits']) {
      expect(shown(operator, field)).toBe('shown');
      expect(shown(viewer('trial_manager', [], ofTenant), field)).toBe('NOT_IN_ROLE');
      expect(shown(viewer('trial_manager', ['cairn:record'], ofTenant), field)).toBe('NOT_IN_ROLE');
    }
    expect(shown(operator, 'Query.readModels')).toBe('shown');
    expect(shown(operator, 'Query.trial')).toBe('NOT_IN_ROLE');
  });

  it('that nobody has given a rule has none', () => {
    expect(ruleOf('Trial', 'constructor')).toBeUndefined();
    expect(ruleOf('__proto__', 'toString')).toBeUndefined();
  });
});

test('every command with rights is a mutation', () => {
  expect(Object.keys(fieldRules['Mutation']!)).toEqual(expect.arrayContaining(Object.keys(commandRights)));
});
