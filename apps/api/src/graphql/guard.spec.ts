import { type Assignment, type Scope, Viewer } from '@cairn/access';
import { buildSchema, graphql, type GraphQLSchema } from 'graphql';
import type { Identity } from '../identity/identity.js';
import type { RequestContext } from './context.js';
import { Disclosures } from './disclosures.js';
import { guarded } from './guard.js';

const SDL = `
  type Query { viewer: Viewer!  trial: Trial  conduct: RecordedEventConnection! }
  type Mutation { recordDischarge(input: Input!): CommandAccepted  rebuildReadModel: ReadModel }
  input Input { trial: ID }
  type Viewer { id: ID! }
  type Trial { id: ID!  head: String!  engagement: TrialEngagement  participants: ParticipantConnection!  history: RecordedEventConnection! }
  type TrialEngagement { position: String! }
  type ParticipantConnection { totalCount: Int! }
  type RecordedEventConnection { totalCount: Int! }
  type CommandAccepted { position: String! }
  type ReadModel { name: ID! }
`;

const asked: string[] = [];
const noting =
  <Value>(name: string, value: Value) =>
  (): Value => {
    asked.push(name);
    return value;
  };
const world = () => ({
  viewer: noting('viewer', { id: 'anna' }),
  conduct: noting('conduct', { totalCount: 3 }),
  recordDischarge: noting('recordDischarge', { position: '1' }),
  rebuildReadModel: noting('rebuildReadModel', { name: 'trials' }),
  trial: {
    trial: 'T',
    id: 'T',
    head: '7',
    engagement: noting('engagement', { position: '7' }),
    participants: noting('participants', { totalCount: 1 }),
    history: noting('history', { totalCount: 9 }),
  },
});

function viewer(roles: readonly Partial<Assignment>[], scopes: readonly Scope[] = []): Viewer {
  return Viewer.of({
    tenant: 't',
    person: 'anna',
    name: 'Anna',
    assignments: roles.map((role) => ({ assignment: 'a', person: 'anna', role: 'trial_manager', ...role })),
    scopes: new Set(scopes),
    validUntil: undefined,
  });
}

const refusals: string[] = [];
const schema: GraphQLSchema = guarded(buildSchema(SDL));

let turns = 0;

async function ask(as: Viewer, source: string) {
  asked.length = refusals.length = 0;
  const disclosures = new Disclosures({
    sealedRead: async () => undefined,
    sealedReadRefused: async ({ field, reason }) => void refusals.push(`${field} ${reason}`),
  });
  const turn = async (): Promise<void> => void turns++;
  const contextValue: RequestContext = { identity: {} as Identity, viewer: as, disclosures, turn };
  const { data, errors } = await graphql({ schema, source, rootValue: world(), contextValue });
  return {
    data,
    errors: errors?.map(({ extensions: { http: _, ...told } }) => told),
    sealed: disclosures.takeSealed(),
  };
}

const manager = viewer([{}]);

test('what waited for the database goes on in a turn of its own; what was at hand does not wait', async () => {
  turns = 0;
  await ask(manager, '{ viewer { id } trial { head engagement { position } } }');
  expect(turns).toBe(0);
  await ask(manager, '{ trial { history { totalCount } } }');
  expect(turns).toBe(1);
  await ask(manager, 'mutation { recordDischarge(input: { trial: "T" }) { position } }');
  expect(turns).toBe(2);
});
const assessor = viewer([{ role: 'blinded_outcome_assessor', trial: 'T' }]);

it('a field without a rule keeps the service from starting', () => {
  const grown = buildSchema(
    SDL.replace('type Trial {', 'type Trial { secrets: String').replace('name: ID!', 'name: ID! more: Int'),
  );
  expect(() => guarded(grown)).toThrow(/Trial\.secrets, ReadModel\.more/);
});

it('who may see everything is answered, and nothing is noted', async () => {
  const { data, errors, sealed } = await ask(
    manager,
    '{ trial { id head engagement { position } history { totalCount } } }',
  );
  expect(data).toEqual({ trial: { id: 'T', head: '7', engagement: { position: '7' }, history: { totalCount: 9 } } });
  expect([errors, sealed, refusals]).toEqual([undefined, [], []]);
});

it('what can be null is null with a note, and its resolver is not asked', async () => {
  const { data, errors, sealed } = await ask(
    assessor,
    '{ trial { id a: engagement { position } b: engagement { position } } }',
  );
  expect(data).toEqual({ trial: { id: 'T', a: null, b: null } });
  expect(errors).toBeUndefined();
  expect(sealed).toEqual([
    { path: ['trial', 'a'], reason: 'BLINDED' },
    { path: ['trial', 'b'], reason: 'BLINDED' },
  ]);
  expect(asked).toEqual([]);
  expect(refusals).toEqual(['Trial.engagement BLINDED']);
});

it('what cannot be null is an error with the reason', async () => {
  const { data, errors } = await ask(assessor, '{ trial { id history { totalCount } } }');
  expect(data).toEqual({ trial: null });
  expect(errors).toEqual([{ code: 'SEALED', reason: 'BLINDED' }]);
  expect(asked).toEqual([]);
});

it('that something is not somebody’s work is told, and not recorded', async () => {
  const { sealed } = await ask(
    viewer([{ role: 'peer_worker', trial: 'T', worker: 'W' }]),
    '{ trial { engagement { position } } }',
  );
  expect(sealed).toEqual([{ path: ['trial', 'engagement'], reason: 'NOT_IN_ROLE' }]);
  expect(refusals).toEqual([]);
});

it.each([
  ['a query that is no role’s', viewer([{ role: 'peer_worker' }]), '{ conduct { totalCount } }'],
  ['a command that is no role’s', assessor, 'mutation { recordDischarge(input: { trial: "T" }) { position } }'],
  ['operation without the scope', manager, 'mutation { rebuildReadModel { name } }'],
  ['a query by a token for recording', viewer([{}], ['cairn:record']), '{ viewer { id } }'],
  [
    'a command by a token for reading',
    viewer([{}], ['cairn:read']),
    'mutation { recordDischarge(input: { trial: "T" }) { position } }',
  ],
])('%s is refused before anything is looked up', async (_case, as, source) => {
  const { errors } = await ask(as, source);
  expect(errors).toEqual([{ code: 'FORBIDDEN' }]);
  expect(asked).toEqual([]);
});

it('operation needs the scope and no role', async () => {
  const operator = viewer([], ['cairn:operate']);
  expect((await ask(operator, 'mutation { rebuildReadModel { name } }')).data).toEqual({
    rebuildReadModel: { name: 'trials' },
  });
});
