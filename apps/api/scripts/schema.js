// Prints the whole schema from the topics' files. Without arguments it checks: apps/api/schema.graphql is that print, and
// it keeps the contract. With --write it is brought up to date first.
import fs from 'node:fs';
import path from 'node:path';
import {
  buildASTSchema,
  concatAST,
  extendSchema,
  GraphQLSchema,
  lexicographicSortSchema,
  parse,
  printSchema,
} from 'graphql';
import { contractBreaches } from '../src/graphql/contract.ts';

const app = path.resolve(import.meta.dirname, '..');
const committed = path.join(app, 'schema.graphql');

export function readSchema() {
  const files = fs
    .globSync('src/**/*.graphql', { cwd: app })
    .sort()
    .map((file) => parse(fs.readFileSync(path.join(app, file), 'utf8')));
  const document = concatAST(files);
  const roots = {
    kind: 'Document',
    definitions: document.definitions.filter((node) => !node.kind.endsWith('Extension')),
  };
  const extensions = {
    kind: 'Document',
    definitions: document.definitions.filter((node) => node.kind.endsWith('Extension')),
  };
  return extendSchema(buildASTSchema(roots, { assumeValidSDL: true }), extensions);
}

if (process.argv[1] === import.meta.filename) {
  const printed = `${printSchema(lexicographicSortSchema(new GraphQLSchema(readSchema().toConfig())))}\n`;
  if (process.argv.includes('--write')) fs.writeFileSync(committed, printed);
  const contract = fs.readFileSync(path.join(app, '../../test/data/contract.graphql'), 'utf8');
  const problems = [
    ...(fs.readFileSync(committed, 'utf8') === printed
      ? []
      : ['schema.graphql is not what the topics make; run: npm run schema:write -w @cairn/api']),
    ...contractBreaches(contract, printed),
  ];
  for (const problem of problems) console.error(problem);
  process.exitCode = problems.length === 0 ? 0 : 1;
}
