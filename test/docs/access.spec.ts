import { ruleOf } from '@cairn/access';
import { buildSchema, isObjectType } from 'graphql';
import { pageText } from './page.js';

const inSchema = Object.values(buildSchema(pageText('apps/api/schema.graphql')).getTypeMap())
  .filter((type) => isObjectType(type))
  .filter(({ name }) => !name.startsWith('__'))
  .flatMap((type) => Object.keys(type.getFields()).map((field) => [type.name, field] as const));

test('every field of the API has a rule that says who may see it', () => {
  expect(inSchema.filter(([type, field]) => ruleOf(type, field) === undefined)).toEqual([]);
});
