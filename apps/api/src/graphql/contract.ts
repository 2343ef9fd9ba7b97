import {
  buildSchema,
  findBreakingChanges,
  type GraphQLArgument,
  type GraphQLInputField,
  isEnumType,
  isInputObjectType,
  isObjectType,
  isRequiredArgument,
  isRequiredInputField,
  isUnionType,
} from 'graphql';

/**
 * Where a schema (SDL) breaks a fixed contract (SDL). Stricter than graphql-js: a type, an argument or its default that
 * differs at all is a breach, also where old clients would survive it. Additions that no client must know are none.
 */
export function contractBreaches(contractText: string, schemaText: string): readonly string[] {
  const contract = buildSchema(contractText);
  const schema = buildSchema(schemaText);
  const breaches = findBreakingChanges(contract, schema).map((change) => change.description);

  for (const [typeName, fixed] of Object.entries(contract.getTypeMap())) {
    if (typeName.startsWith('__')) continue;
    const given = schema.getType(typeName);
    if (isObjectType(fixed) && isObjectType(given)) {
      for (const [fieldName, field] of Object.entries(fixed.getFields())) {
        const actual = given.getFields()[fieldName];
        if (!actual) continue;
        const at = `${typeName}.${fieldName}`;
        breaches.push(...sameType(at, field.type, actual.type));
        for (const argument of field.args) {
          const found = actual.args.find((candidate) => candidate.name === argument.name);
          if (found) breaches.push(...sameInput(`${at}(${argument.name})`, argument, found));
        }
        for (const extra of actual.args.filter((arg) => !field.args.some((one) => one.name === arg.name))) {
          if (isRequiredArgument(extra)) breaches.push(`${at}(${extra.name}) is required and not in the contract`);
        }
      }
    } else if (isInputObjectType(fixed) && isInputObjectType(given)) {
      const fields = fixed.getFields();
      for (const [fieldName, field] of Object.entries(given.getFields())) {
        const expected = fields[fieldName];
        if (expected) breaches.push(...sameInput(`${typeName}.${fieldName}`, expected, field));
        else if (isRequiredInputField(field))
          breaches.push(`${typeName}.${fieldName} is required and not in the contract`);
      }
    } else if (isEnumType(fixed) && isEnumType(given)) {
      breaches.push(
        ...sameMembers(
          typeName,
          fixed.getValues().map((value) => value.name),
          given.getValues().map((value) => value.name),
        ),
      );
    } else if (isUnionType(fixed) && isUnionType(given)) {
      breaches.push(
        ...sameMembers(
          typeName,
          fixed.getTypes().map((member) => member.name),
          given.getTypes().map((member) => member.name),
        ),
      );
    }
  }
  return [...new Set(breaches)];
}

type Input = GraphQLArgument | GraphQLInputField;

const sameType = (at: string, fixed: unknown, given: unknown): string[] =>
  String(fixed) === String(given) ? [] : [`${at} is ${String(given)}, the contract says ${String(fixed)}`];

const sameInput = (at: string, fixed: Input, given: Input): string[] => [
  ...sameType(at, fixed.type, given.type),
  ...(JSON.stringify(fixed.defaultValue) === JSON.stringify(given.defaultValue)
    ? []
    : [`${at} defaults to ${JSON.stringify(given.defaultValue)}, the contract says otherwise`]),
];

const sameMembers = (at: string, fixed: readonly string[], given: readonly string[]): string[] => [
  ...fixed.filter((name) => !given.includes(name)).map((name) => `${at} lacks ${name}`),
  ...given.filter((name) => !fixed.includes(name)).map((name) => `${at} has ${name}, which the contract does not know`),
];
