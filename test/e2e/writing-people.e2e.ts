import { randomUUID } from 'node:crypto';
import { conductStream, peopleStream } from '@cairn/access';
import {
  type Answer,
  offerSupport,
  recording,
  runApi,
  type RunningApi,
  setUpTrial,
  type SignedIn,
} from '../support/running-api.js';

let running: RunningApi;
beforeAll(async () => {
  running = await runApi();
  await setUpTrial(running, 'T');
  await offerSupport(running, 'T', 'S1', 'P1');
}, 60_000);
afterAll(() => running.close());

const give = (who: SignedIn, mutation: string, input: object): Promise<Answer> =>
  who.graphql(recording(mutation), { input: { commandId: randomUUID(), ...input } });
const codeOf = ({ data, errors }: Answer, mutation: string): string | undefined =>
  errors?.[0]?.extensions.code ?? (data?.[mutation] as { code?: string } | undefined)?.code;

test('a new tenant is registered by who comes first, who gives others their roles', async () => {
  const founder = await running.as('fay', { tenant: 'young' });
  const other = await running.as('mallory', { tenant: 'young' });
  expect((await founder.graphql('{ viewer { roles assignments { id } tenant { id name } } }')).data).toEqual({
    viewer: { roles: [], assignments: [], tenant: { id: 'young', name: 'young' } },
  });
  await founder.give('registerTenant', { name: 'Young Trials' });
  expect(codeOf(await give(other, 'registerTenant', { name: 'Young Trials' }), 'registerTenant')).toBe('FORBIDDEN');
  await founder.give('registerPerson', { person: 'mo', name: 'Mo' });
  await founder.give('assignRole', {
    assignment: 'mo-1',
    person: 'mo',
    role: 'trial_manager',
    until: '2100-01-01T00:00:00Z',
  });
  const mo = await running.as('mo', { tenant: 'young' });
  await setUpTrial(mo, 'T');

  const asked = '{ people { totalCount edges { node { id name assignments { id role trial site worker until } } } } }';
  const { data } = await founder.graphql(asked);
  expect(data).toEqual({
    people: {
      totalCount: 2,
      edges: [
        {
          node: {
            id: 'fay',
            name: expect.any(String),
            assignments: [expect.objectContaining({ role: 'sponsor_administrator', trial: null })],
          },
        },
        {
          node: {
            ...{ id: 'mo', name: 'Mo' },
            assignments: [
              {
                id: 'mo-1',
                role: 'trial_manager',
                trial: null,
                site: null,
                worker: null,
                until: '2100-01-01T00:00:00.000Z',
              },
            ],
          },
        },
      ],
    },
  });
  await founder.give('revokeRole', { assignment: 'mo-1', reason: 'has left' });
  const gone = await mo.graphql('{ viewer { roles assignments { id } } trial(id: "T") { id } }');
  expect(gone.data).toEqual({ viewer: { roles: [], assignments: [] }, trial: null });
  // The other tenant's people are its own.
  expect(JSON.stringify((await running.graphql(asked)).data)).not.toMatch(/fay|Mo/);
});

test('people are listed for those who give roles and those who watch them, and for nobody else', async () => {
  for (const [role, status] of [
    [{ role: 'auditor' as const }, 200],
    [{ role: 'site_coordinator' as const, trial: 'T', site: 'S1' }, 403],
    [{ role: 'blinded_outcome_assessor' as const, trial: 'T' }, 403],
  ] as const) {
    const who = await running.as(`asking as ${role.role}`, { roles: [role] });
    const answer = await who.graphql('{ people { totalCount } }');
    expect([role.role, answer.status, answer.errors?.[0]?.extensions.code]).toEqual([
      role.role,
      status,
      status === 403 ? 'FORBIDDEN' : undefined,
    ]);
  }
});

test('an arm is learnt by two people’s doing, for a day, and each look is recorded', async () => {
  const assessor = await running.as('ada', { roles: [{ role: 'blinded_outcome_assessor', trial: 'T' }] });
  const look = async () => {
    const { data, extensions } = await assessor.graphql(
      '{ trial(id: "T") { participants { edges { node { id arm } } } unblindings { request } } }',
    );
    return { data, sealed: extensions?.sealed?.map(({ path, reason }) => `${path.join('.')}: ${reason}`) };
  };
  const request = { request: 'r1', trial: 'T', participant: 'P1' };
  await assessor.give('requestUnblinding', { ...request, reason: 'a severe reaction' });
  expect((await look()).data).toMatchObject({
    trial: { participants: { edges: [{ node: { id: 'P1', arm: null } }] } },
  });
  expect(codeOf(await give(assessor, 'approveUnblinding', request), 'approveUnblinding')).toBe('FORBIDDEN');

  const unblindings = async () =>
    (
      await running.graphql(
        '{ trial(id: "T") { unblindings { request participant requester { id name } reason state until } } }',
      )
    ).data;
  const shown = {
    request: 'r1',
    participant: 'P1',
    requester: { id: 'ada', name: 'ada' },
    reason: 'a severe reaction',
  };
  expect(await unblindings()).toEqual({ trial: { unblindings: [{ ...shown, state: 'REQUESTED', until: null }] } });
  await running.give('approveUnblinding', request);
  expect(await unblindings()).toEqual({
    trial: { unblindings: [{ ...shown, state: 'APPROVED', until: expect.stringMatching(/Z$/) }] },
  });

  const opened = await look();
  expect(opened.data).toEqual({
    trial: { participants: { edges: [{ node: { id: 'P1', arm: 'support' } }] }, unblindings: null },
  });
  expect(opened.sealed).toEqual(['trial.unblindings: NOT_IN_ROLE']);
  const conduct = await running.store.readStream('test', conductStream('ada'));
  expect(conduct.map(({ type, payload }) => [type, (JSON.parse(payload) as { by?: string }).by])).toEqual([
    ['SignedIn', undefined],
    ['SealedDataRefused', undefined],
    ['SealedDataRead', 'unblinding'],
  ]);
});

test('limits are the operator’s to set, for the tenant of their token', async () => {
  await running.give('registerTenant', { name: 'Test' });
  const operator = await running.as('operations', { scopes: ['cairn:operate'] });
  expect(codeOf(await give(running, 'setTenantLimits', { subscriptions: 7 }), 'setTenantLimits')).toBe('FORBIDDEN');
  const before = await running.store.readStream('test', peopleStream);
  await operator.give('setTenantLimits', { subscriptions: 7 });
  const asked = '{ viewer { tenant { name limits { commandsPerMinute queryCostPerSecond subscriptions } } } }';
  expect((await running.graphql(asked)).data).toEqual({
    viewer: {
      tenant: { name: 'Test', limits: { commandsPerMinute: null, queryCostPerSecond: null, subscriptions: 7 } },
    },
  });
  expect(await running.store.readStream('test', peopleStream)).toEqual(before);
});
