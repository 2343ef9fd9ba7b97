import {
  getNamedType,
  type GraphQLArgument,
  type GraphQLField,
  type GraphQLInputField,
  type GraphQLInputType,
  type GraphQLObjectType,
  type GraphQLSchema,
  isEnumType,
  isInputObjectType,
  isListType,
  isNonNullType,
  isObjectType,
} from 'graphql';
import { literal, Word } from '../blinding/every-question.js';

/** What an id can be the id of. */
export const kinds = [
  'trial',
  'site',
  'participant',
  'worker',
  'person',
  'actor',
  'assignment',
  'request',
  'event',
  'query',
  'signature',
  'cut',
  'recommendation',
  'signal',
  'subscription',
  'alert',
  'contact',
  'supervision',
  'session',
  'rater',
  'command',
  'cursor',
] as const;
export type Kind = (typeof kinds)[number];

/** Arguments and input fields that are ids of something a tenant has. */
const ids: Readonly<Record<string, Kind>> = {
  trial: 'trial',
  site: 'site',
  participant: 'participant',
  worker: 'worker',
  facilitator: 'worker',
  attendees: 'worker',
  sites: 'site',
  person: 'person',
  actor: 'actor',
  assignment: 'assignment',
  request: 'request',
  event: 'event',
  record: 'event',
  query: 'query',
  signature: 'signature',
  cut: 'cut',
  recommendation: 'recommendation',
  signal: 'signal',
  subscription: 'subscription',
  subject: 'site',
  contact: 'contact',
  supervision: 'supervision',
  session: 'session',
  rater: 'rater',
  commandId: 'command',
  after: 'cursor',
  before: 'cursor',
};

/** A rule as somebody writes it down. */
const rule = {
  ...{ rule: 'contacts_falling', title: 'Draft', severity: 'notice' },
  condition: { kind: 'trend', measure: 'contacts', direction: 'falling', overDays: 7, factor: 2 },
};

/** What is no id of anything, with a value to ask with: by its name, or by its place. */
const values: Readonly<Record<string, unknown>> = {
  first: 5,
  last: 5,
  definition: 'table',
  minPosition: '0',
  asOf: '2020-06-01T00:00:00Z',
  knownAt: '2050-01-01T00:00:00Z',
  recordedFrom: '2000-01-01T00:00:00Z',
  recordedTo: '2050-01-01T00:00:00Z',
  occurredFrom: '2000-01-01T00:00:00Z',
  occurredTo: '2050-01-01T00:00:00Z',
  occurredAt: '2020-03-01T09:00:00Z',
  occurredBefore: '2020-03-01T00:00:00Z',
  table: 'flow',
  size: 1,
  from: 1,
  to: 1,
  cosignature: 'x',
  dischargedAt: '2020-03-09T09:00:00Z',
  enteredAt: '2020-03-02T09:00:00Z',
  attendedOn: '2020-03-01',
  openedOn: '2020-01-01',
  recruitmentFrom: '2020-01-01',
  recruitmentTo: '2021-01-01',
  startedAt: '2020-01-01T00:00:00Z',
  endedAt: '2021-01-01T00:00:00Z',
  until: '2049-01-01T00:00:00Z',
  types: ['WardContactRecorded'],
  timeZone: 'Europe/London',
  arm: 'support',
  stratum: 'psychotic',
  instrument: 'index',
  total: 10,
  changes: { minutes: 40 },
  items: [{ item: 'I1', value: 2 }],
  activities: ['walk'],
  minutes: 30,
  staffAttending: 3,
  days: 1,
  daysPerWeek: 3,
  note: 'note',
  reason: 'reason',
  text: 'text',
  password: 'password',
  token: 'token',
  role: 'trial_manager',
  title: 'Title',
  registration: 'ISRCTN1',
  name: 'participants',
  employerName: 'Trust',
  hostOrganisation: 'Trust',
  ward: 'Ward',
  version: 2,
  protocol: {
    arms: [{ id: 'support', intervention: true }],
    interventionWindow: { monthsAfterDischarge: 4 },
  },
  commandsPerMinute: 1_000_000,
  queryCostPerSecond: 1_000_000,
  subscriptions: 1_000_000,
  rules: ['no_ward_contact'],
  url: 'https://hooks.example/',
  topic: 'cairn.test.alerts',
  at: '08:30',
  sink: { kind: new Word('WEBHOOK'), url: 'https://hooks.example/' },
  quietHours: { from: '22:00', to: '07:00' },
  digest: { at: '08:30' },
  messages: ['00000000-0000-4000-8000-000000000000'],
  rule,
  raisedAfter: '2000-01-01T00:00:00Z',
  'PublishSignalRuleInput.definition': rule,
  'Trial.backTest.from': '2020-01-01T00:00:00Z',
  'Trial.backTest.to': '2020-02-01T00:00:00Z',
};

/** Arguments whose kind depends on the field. */
const ofField: Readonly<Record<string, Kind>> = {
  'Query.trial.id': 'trial',
  'Trial.dataCut.id': 'cut',
  'Trial.diff.from': 'cut',
  'Trial.diff.to': 'cut',
  'Trial.signal.id': 'signal',
  'Subscription.alerts.after': 'alert',
  'RequestAlertReplayInput.after': 'alert',
};

/** What may be left out, and is given in any case: without it there would be nothing to wait for. */
const alwaysGiven: ReadonlySet<string> = new Set(['Subscription.alerts.after']);

/** Ids by kind, one of each: those of a viewer's own tenant, another tenant's, or nobody's. */
export type Ids = Readonly<Record<Kind, string>>;

/** An id argument of the schema, as something that can be asked with another id. */
export interface Case {
  readonly name: string;
  readonly operation: 'query' | 'mutation' | 'subscription';
  readonly kind: Kind;
  /** What a cursor is a cursor of. */
  readonly listed: Kind | undefined;
  /** Of a command: its name and its input, for an import. */
  readonly command: { readonly name: string; input(own: Ids, asked: Ids): Record<string, unknown> } | undefined;
  document(own: Ids, asked: Ids): string;
}

/** The kind of what a list is of, which its cursors are made from. */
const lists: Readonly<Record<string, Kind>> = {
  TrialConnection: 'trial',
  SiteConnection: 'site',
  ParticipantConnection: 'participant',
  PersonConnection: 'person',
  RecordedEventConnection: 'event',
  DataCutConnection: 'cut',
  DataQueryConnection: 'query',
  SignatureConnection: 'signature',
  RecommendationConnection: 'recommendation',
  SignalConnection: 'signal',
  AlertSubscriptionConnection: 'subscription',
  AlertDeliveryConnection: 'alert',
};

/**
 * A case for every id argument of the schema, nested ones too.
 * @throws an error that names an argument of which nobody has said whether it is an id
 */
export function casesOf(schema: GraphQLSchema): readonly Case[] {
  const roots = [
    ['query', schema.getQueryType()!],
    ['mutation', schema.getMutationType()!],
    ['subscription', schema.getSubscriptionType()!],
  ] as const;
  return roots.flatMap(([operation, root]) => {
    const seen = new Set([root.name]);
    return Object.values(root.getFields()).flatMap((field) => fieldCases(operation, root, field, [], seen));
  });
}

interface Step {
  readonly type: string;
  readonly field: GraphQLField<unknown, unknown>;
}

function fieldCases(
  operation: Case['operation'],
  parent: GraphQLObjectType,
  field: GraphQLField<unknown, unknown>,
  above: readonly Step[],
  seen: Set<string>,
): readonly Case[] {
  const path = [...above, { type: parent.name, field }];
  const type = getNamedType(field.type);
  const listed = lists[type.name];
  const own = field.args.flatMap((argument) =>
    idPaths(`${parent.name}.${field.name}`, argument, [argument.name]).map(({ at, kind }): Case => {
      const command = operation === 'mutation' && argument.name === 'input' ? argument : undefined;
      return {
        name: `${operation} ${path.map((step) => step.field.name).join('.')}(${at.join('.')})`,
        operation,
        kind,
        listed: kind === 'cursor' ? listed : undefined,
        command: command && {
          name: field.name,
          input: (mine, asked) => {
            const { commandId: _, ...input } = valueOf(
              '',
              command.name,
              command.type,
              mine,
              asked,
              at.slice(1),
            ) as Record<string, unknown>;
            return Object.fromEntries(Object.entries(input).map(([key, value]) => [key, bundleWord(value)]));
          },
        },
        document: (mine, asked) => documentOf(operation, path, { argument, at }, mine, asked),
      };
    }),
  );
  // Whatever can be reached is reached once: what is below it is the same from wherever it is come to.
  if (!isObjectType(type) || seen.has(type.name)) return own;
  seen.add(type.name);
  const inner = Object.values(type.getFields()).flatMap((each) => fieldCases(operation, type, each, path, seen));
  return [...own, ...inner];
}

interface IdPath {
  readonly at: readonly string[];
  readonly kind: Kind;
}

/** Where in an argument ids are. */
function idPaths(
  field: string,
  { name, type }: GraphQLArgument | GraphQLInputField,
  at: readonly string[],
): readonly IdPath[] {
  const named = getNamedType(type);
  const kind = ofField[`${field}.${name}`] ?? (isEnumType(named) ? undefined : ids[name]);
  if (kind) return [{ at, kind }];
  if (isEnumType(named) || Object.hasOwn(values, name)) return [];
  if (isInputObjectType(named)) {
    return Object.values(named.getFields()).flatMap((each) => idPaths(named.name, each, [...at, each.name]));
  }
  throw new Error(`nobody says whether ${field}(${at.join('.')}) is an id, and of what`);
}

function documentOf(
  operation: Case['operation'],
  path: readonly Step[],
  varied: { readonly argument: GraphQLArgument; readonly at: readonly string[] },
  own: Ids,
  asked: Ids,
): string {
  const last = path.at(-1)!;
  const calls = path.map(({ type, field }) => {
    const wanted = field.args.filter(
      (argument) =>
        (argument === varied.argument && field === last.field) ||
        isNonNullType(argument.type) ||
        alwaysGiven.has(`${type}.${field.name}.${argument.name}`),
    );
    const written = wanted.map((argument) => {
      const at = argument === varied.argument ? varied.at.slice(1) : undefined;
      return `${argument.name}: ${literal(valueOf(`${type}.${field.name}`, argument.name, argument.type, own, asked, at))}`;
    });
    return written.length === 0 ? field.name : `${field.name}(${written.join(', ')})`;
  });
  return `${operation} { ${calls.join(' { ')} ${selection(last.field)}${' }'.repeat(calls.length)}`;
}

/** @param at where the id that is asked for goes; undefined where all are one's own */
function valueOf(
  field: string,
  name: string,
  type: GraphQLInputType,
  own: Ids,
  asked: Ids,
  at: readonly string[] | undefined,
): unknown {
  const list = isListType(isNonNullType(type) ? type.ofType : type);
  const named = getNamedType(type);
  if (isEnumType(named)) {
    const word = new Word(named.getValues()[0]!.name);
    return list ? [word] : word;
  }
  const kind = ofField[`${field}.${name}`] ?? ids[name];
  if (kind) {
    const id = (at?.length === 0 ? asked : own)[kind];
    return list ? [id] : id;
  }
  const place = `${field}.${name}`;
  if (Object.hasOwn(values, place)) return values[place];
  if (Object.hasOwn(values, name)) return values[name];
  if (!isInputObjectType(named)) throw new Error(`nothing to ask with for ${field}.${name}`);
  // What may be left out is, but for what is asked for: a filter holds for one thing at a time.
  const fields = Object.values(named.getFields()).filter((each) => isNonNullType(each.type) || each.name === at?.[0]);
  return Object.fromEntries(
    fields.map((each) => [
      each.name,
      valueOf(named.name, each.name, each.type, own, asked, each.name === at?.[0] ? at.slice(1) : undefined),
    ]),
  );
}

/** A bundle has the words of the stored events. */
function bundleWord(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(bundleWord);
  if (value instanceof Word) return value.name === 'NHS' ? value.name : value.name.toLowerCase();
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, bundleWord(each)]));
}

/** What is shown of an answer: enough to tell that something was found. */
function selection({ type }: GraphQLField<unknown, unknown>): string {
  const named = getNamedType(type);
  switch (named.name) {
    case 'CommandResult':
      return '{ __typename ... on CommandAccepted { events { type data } } ... on CommandRefused { code message field } }';
    case 'Trial':
      return '{ id title timeZone sites { totalCount edges { node { id name } } } }';
    case 'TrialEngagement':
      return '{ sites { site { id } counts { offered } } }';
    default:
      return isObjectType(named) && named.getFields()['edges']
        ? '{ totalCount edges { cursor } pageInfo { hasNextPage hasPreviousPage } }'
        : isObjectType(named)
          ? '{ __typename }'
          : '';
  }
}
