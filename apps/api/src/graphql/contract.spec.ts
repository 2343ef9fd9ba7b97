import fs from 'node:fs';
import path from 'node:path';
import { contractBreaches } from './contract.js';

const root = path.resolve(import.meta.dirname, '../../../..');
const contract = fs.readFileSync(path.join(root, 'test/data/contract.graphql'), 'utf8');
const schema = fs.readFileSync(path.join(root, 'apps/api/schema.graphql'), 'utf8');

const changed = (from: string | RegExp, to: string): string => {
  const text = schema.replace(from, to);
  if (text === schema) throw new Error(`${String(from)} is not in the schema`);
  return text;
};

describe('the contract', () => {
  it('is kept by the schema', () => {
    expect(contractBreaches(contract, schema)).toEqual([]);
  });

  it.each([
    [
      'a removed field',
      /"{3}[^"]+"{3}\s+studentisedResidual: Float/,
      '',
      'FidelityPoint.studentisedResidual was removed',
    ],
    ['a renamed field', '  notYet: Int!', '  pending: Int!', 'EngagementCounts.notYet was removed'],
    ['a looser answer', /(type SiteConnection \{[^}]*totalCount: Int)!/, '$1', 'is Int, the contract says Int!'],
    ['a stricter answer', '  fidelity: Float\n', '  fidelity: Float!\n', 'SiteEngagement.fidelity is Float!'],
    [
      'another default',
      /engagement\(([^)]*)definition: ID = "table"/,
      'engagement($1definition: ID = "text"',
      'defaults to "text"',
    ],
    ['a new required argument', 'trial(id: ID!', 'trial(colour: String!, id: ID!', 'trial(colour) is required'],
    [
      'a new required input',
      'input VoidRecordInput {',
      'input VoidRecordInput {\n  why: String!',
      'VoidRecordInput.why is required',
    ],
    ['an enum value less', '  VIDEO\n', '', 'VIDEO'],
    ['an enum value more', '  VIDEO\n', '  VIDEO\n  LETTER\n', 'has LETTER'],
  ])('notices %s', (_case, from, to, message) => {
    expect(contractBreaches(contract, changed(from, to)).join('\n')).toContain(message);
  });

  it('lets optional additions pass', () => {
    expect(contractBreaches(contract, changed('trial(id: ID!', 'trial(colour: String, id: ID!'))).toEqual([]);
  });
});
