import {
  type GraphQLArgument,
  type GraphQLField,
  type GraphQLObjectType,
  getNamedType,
  isEnumType,
  isInputObjectType,
  isLeafType,
  isNonNullType,
  isObjectType,
} from 'graphql';

/** Values to ask with, by the name of the argument, or by its type where no name is known. */
export type Pool = Readonly<Record<string, readonly unknown[]>>;

/** How deep selections go: beyond it everything is a part of something that was asked for. */
const DEPTH = 8;

/** Of a question that is asked in many ways, so many of its leaves are asked for in each of them. */
const LEAVES = 10;

/**
 * A question for every leaf of the schema that can be reached from a field of the root, one leaf each, because what is
 * refused takes along what is asked for beside it; then each argument of the first two levels with every value of the pool.
 * @throws an error that names an argument for which the pool has nothing
 */
export function everyQuestion(root: GraphQLObjectType, pool: Pool): readonly string[] {
  return Object.values(root.getFields()).flatMap((field) => {
    const { plain, varied } = questionsAt(field, pool, [root.name]);
    return [...plain, ...varied];
  });
}

interface Questions {
  /** With no argument that may be left out. */
  readonly plain: readonly string[];
  readonly varied: readonly string[];
}

function questionsAt(field: Field, pool: Pool, above: readonly string[]): Questions {
  const type = getNamedType(field.type);
  const { call, variants } = callsOf(field, pool);
  if (isLeafType(type)) return { plain: [call], varied: variants };
  if (!isObjectType(type)) return { plain: [`${call} { __typename }`], varied: [] };
  // A trial's site's trial … is no new question.
  if (above.length > DEPTH || above.includes(type.name)) return { plain: [], varied: [] };
  const inner = Object.values(type.getFields()).map((each) => questionsAt(each, pool, [...above, type.name]));
  const leaves = inner.flatMap(({ plain }) => plain);
  const nearest = leaves.toSorted((a, b) => a.length - b.length).slice(0, LEAVES);
  const asked = (by: string) => (selection: string) => `${by} { ${selection} }`;
  return {
    plain: leaves.map(asked(call)),
    varied:
      above.length > 2
        ? []
        : [
            ...inner.flatMap(({ varied }) => varied.map(asked(call))),
            ...variants.flatMap((variant) => nearest.map(asked(variant))),
          ],
  };
}

type Field = GraphQLField<unknown, unknown>;

/** The field without what may be left out, and with each argument's values one by one. */
function callsOf({ name, args }: Field, pool: Pool): { readonly call: string; readonly variants: readonly string[] } {
  const required = args
    .filter(isRequired)
    .map((argument): readonly [string, unknown] => [argument.name, valuesOf(argument, pool)[0]]);
  const call = (given: readonly (readonly [string, unknown])[]): string =>
    given.length === 0 ? name : `${name}(${given.map(([key, value]) => `${key}: ${literal(value)}`).join(', ')})`;
  const variants = args.flatMap((argument) =>
    valuesOf(argument, pool).map((value) =>
      call([...required.filter(([key]) => key !== argument.name), [argument.name, value]]),
    ),
  );
  return { call: call(required), variants };
}

const isRequired = ({ type, defaultValue }: GraphQLArgument): boolean =>
  isNonNullType(type) && defaultValue === undefined;

export function valuesOf({ name, type }: Pick<GraphQLArgument, 'name' | 'type'>, pool: Pool): readonly unknown[] {
  const named = getNamedType(type);
  const values = isEnumType(named) ? named.getValues().map((each) => new Word(each.name)) : pool[name];
  if (values) return values;
  if (isInputObjectType(named)) {
    const fields = Object.values(named.getFields());
    return fields.flatMap((field) => valuesOf(field, pool).map((value) => ({ [field.name]: value })));
  }
  throw new Error(`nobody says what to ask with for ${name}: ${type.toString()}`);
}

/** A value of an enum. */
export class Word {
  constructor(readonly name: string) {}
}

/** A value as it is written in a document. */
export function literal(value: unknown): string {
  if (value instanceof Word) return value.name;
  if (Array.isArray(value)) return `[${value.map(literal).join(', ')}]`;
  if (typeof value === 'object' && value !== null) {
    return `{ ${Object.entries(value)
      .map(([key, each]) => `${key}: ${literal(each)}`)
      .join(', ')} }`;
  }
  return JSON.stringify(value);
}
