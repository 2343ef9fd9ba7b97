import tseslint from 'typescript-eslint';
import { auditPurity, contextPurity, kernelPurity, reproducibleSpecs } from './scripts/lint/purity.mjs';

const CONTEXTS = [
  'libs/registry/src/**/*.ts',
  'libs/access/src/**/*.ts',
  'libs/delivery/src/**/*.ts',
  'libs/signals/src/**/*.ts',
  'libs/simulation/src/**/*.ts',
  'libs/monitoring/src/**/*.ts',
];
const AUDIT = ['libs/audit/src/**/*.ts'];
const KERNEL = ['libs/event-sourcing/src/**/*.ts'];
const SPECS = ['**/*.spec.ts', '**/*.int.ts', '**/*.e2e.ts', 'test/**/*.ts'];
/** Given-when-then for specs, published by the kernel; it asserts, so it is no pure code. */
const SPEC_SUPPORT = 'libs/event-sourcing/src/spec.ts';

export default tseslint.config(
  { ignores: ['**/node_modules', '**/dist', '**/types', '**/generated', '.nx', '.cairn'] },
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/no-unused-vars': [
        'error',
        { argsIgnorePattern: '^_', varsIgnorePattern: '^_', ignoreRestSiblings: true },
      ],
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      'no-var': 'error',
      'prefer-const': 'error',
      'no-control-regex': 'error',
      'require-yield': 'error',
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true, allowArray: true },
      ],
      // noUncheckedIndexedAccess makes one say where an index is known to be there.
      '@typescript-eslint/no-non-null-assertion': 'off',
      // It does not see that a callback changes a variable.
      '@typescript-eslint/no-unnecessary-condition': 'off',
      // A port's method is async in every adapter, also in one that has nothing to wait for.
      '@typescript-eslint/require-await': 'off',
      // Matters of taste that prevent no mistake.
      '@typescript-eslint/no-confusing-void-expression': 'off',
      '@typescript-eslint/no-meaningless-void-operator': 'off',
      '@typescript-eslint/use-unknown-in-catch-callback-variable': 'off',
      '@typescript-eslint/unified-signatures': 'off',
      // Nest declares its options as a class and means any object of that shape.
      '@typescript-eslint/no-unsafe-class-instance-assignment': 'off',
      // `T | void` is what a callback that may answer returns.
      '@typescript-eslint/no-invalid-void-type': 'off',
      '@typescript-eslint/no-unnecessary-type-parameters': 'off',
      // A Nest module is a class with a decorator and nothing in it.
      '@typescript-eslint/no-extraneous-class': ['error', { allowWithDecorator: true }],
    },
  },
  {
    files: ['**/*.js', '**/*.mjs'],
    extends: [tseslint.configs.base],
    rules: {
      eqeqeq: 'error',
      'no-var': 'error',
      'prefer-const': 'error',
      'no-undef': 'off',
      'no-unused-vars': ['error', { argsIgnorePattern: '^_' }],
    },
  },
  {
    files: ['apps/*/src/**/*.ts', 'libs/*/src/**/*.ts'],
    ignores: ['apps/*/src/configuration.ts'],
    rules: {
      'no-restricted-properties': [
        'error',
        { object: 'process', property: 'env', message: 'The environment is read in apps/*/src/configuration.ts only.' },
      ],
    },
  },
  { files: CONTEXTS, ignores: SPECS, rules: contextPurity },
  { files: AUDIT, ignores: SPECS, rules: auditPurity },
  { files: KERNEL, ignores: [...SPECS, SPEC_SUPPORT], rules: kernelPurity },
  { files: SPECS, rules: reproducibleSpecs },
  {
    // A test looks into answers and errors whose shape it is about to prove.
    files: SPECS,
    rules: Object.fromEntries(
      [
        ...[
          'unsafe-argument',
          'unsafe-assignment',
          'unsafe-call',
          'unsafe-member-access',
          'unsafe-return',
          'unsafe-type-assertion',
        ],
        ...['explicit-any', 'base-to-string'],
      ]
        .map((what) => `@typescript-eslint/no-${what}`)
        .concat('@typescript-eslint/restrict-plus-operands', '@typescript-eslint/only-throw-error')
        .map((rule) => [rule, 'off']),
    ),
  },
);
