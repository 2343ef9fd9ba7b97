import { formatInstant, type Instant, parseInstant, type Position } from '@cairn/event-sourcing';
import { GraphQLScalarType, Kind, type ValueNode, valueFromASTUntyped } from 'graphql';
import { badInput } from './errors.js';

/** The log's positions are 64-bit integers in every adapter. */
const MAX_POSITION = 2n ** 63n - 1n;

/** Comes in as the text that was given, checked, because events keep that text; goes out from an instant. */
const DateTime = textScalar<Instant>('DateTime', {
  check: (text) => parseInstant(text) !== undefined,
  expected: 'an RFC 3339 timestamp with an offset',
  write: formatInstant,
});

const DateScalar = textScalar<string>('Date', {
  check: (text) => /^\d{4}-\d{2}-\d{2}$/.test(text) && parseInstant(`${text}T00:00:00Z`) !== undefined,
  expected: 'a calendar day like 2017-10-31',
  write: (day) => day,
});

const Position = textScalar<Position>('Position', {
  check: (text) => /^\d{1,19}$/.test(text) && BigInt(text) <= MAX_POSITION,
  expected: 'a position: a decimal string',
  write: String,
});

const JSONObject = new GraphQLScalarType<Record<string, unknown>, Record<string, unknown>>({
  name: 'JSONObject',
  serialize: (value) => value as Record<string, unknown>,
  parseValue: asObject,
  parseLiteral: (node, variables) => asObject(valueFromASTUntyped(node, variables)),
});

/** Only ever told, never taken. */
const TableValue = new GraphQLScalarType<never, string | number | boolean>({
  name: 'TableValue',
  serialize: (value) => value as string | number | boolean,
  parseValue: () => {
    throw badInput('TableValue is no input');
  },
});

export const scalars = { DateTime, Date: DateScalar, Position, JSONObject, TableValue };

function textScalar<Out>(
  name: string,
  rules: {
    readonly check: (text: string) => boolean;
    readonly expected: string;
    readonly write: (value: Out) => string;
  },
): GraphQLScalarType<string, string> {
  const parse = (value: unknown): string => {
    if (typeof value !== 'string' || !rules.check(value)) throw badInput(`${name} must be ${rules.expected}`);
    return value;
  };
  return new GraphQLScalarType<string, string>({
    name,
    serialize: (value) => rules.write(value as Out),
    parseValue: parse,
    parseLiteral: (node: ValueNode) => parse(node.kind === Kind.STRING ? node.value : undefined),
  });
}

function asObject(value: unknown): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw badInput('JSONObject must be a JSON object');
  }
  return value as Record<string, unknown>;
}
