import { fieldRules } from '@cairn/access';
import { accessPage } from '@cairn/access/access-page';
import { buildSchema, isObjectType } from 'graphql';
import { pageText } from './page.js';

test('docs/access.md is what the policy says', () => {
  expect(pageText('docs/access.md')).toBe(accessPage());
});

describe('fields of the API', () => {
  const inSchema = Object.values(buildSchema(pageText('apps/api/schema.graphql')).getTypeMap())
    .filter((type) => isObjectType(type))
    .filter(({ name }) => !name.startsWith('__'))
    .flatMap((type) => Object.keys(type.getFields()).map((field) => `${type.name}.${field}`));
  const withRules = Object.entries(fieldRules).flatMap(([type, rules]) =>
    Object.keys(rules).map((field) => `${type}.${field}`),
  );

  it('have each a rule that says who may see it', () => {
    expect(inSchema.filter((field) => !withRules.includes(field))).toEqual([]);
  });

  it('are there for each rule', () => {
    expect(withRules.filter((field) => !inSchema.includes(field))).toEqual([]);
  });
});
