// npm run test:cluster: apart from npm test, because it stops, cuts off and upgrades whole services, which takes its time.
import { base } from './jest.preset.js';

const root = import.meta.dirname;

export default {
  ...base,
  rootDir: root,
  displayName: 'cluster',
  testMatch: ['<rootDir>/test/cluster/**/*.cluster.ts'],
  setupFiles: ['<rootDir>/jest.setup.js'],
  globalSetup: '<rootDir>/test/postgres-server-setup.js',
  globalTeardown: '<rootDir>/test/postgres-server-teardown.js',
  reporters: ['default', '<rootDir>/test/ci-reporter.js'],
  maxWorkers: 2,
  testTimeout: 60_000,
};
