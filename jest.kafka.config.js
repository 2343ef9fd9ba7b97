// npm run test:kafka: apart from npm test, because it needs Java.
import { base } from './jest.preset.js';

const root = import.meta.dirname;

export default {
  ...base,
  rootDir: root,
  displayName: 'kafka',
  testMatch: ['<rootDir>/test/kafka/**/*.kafka.ts'],
  setupFiles: ['<rootDir>/jest.setup.js'],
  globalSetup: '<rootDir>/test/postgres-server-setup.js',
  globalTeardown: '<rootDir>/test/postgres-server-teardown.js',
  reporters: ['default', '<rootDir>/test/ci-reporter.js'],
  maxWorkers: 2,
  testTimeout: 30_000,
};
