// npm run test:kurrentdb: apart from npm test, because it needs a server of somebody else's.
import { base } from './jest.preset.js';

const root = import.meta.dirname;

export default {
  ...base,
  rootDir: root,
  displayName: 'kurrentdb',
  testMatch: ['<rootDir>/test/kurrentdb/**/*.kurrentdb.ts'],
  setupFiles: ['<rootDir>/jest.setup.js'],
  reporters: ['default', '<rootDir>/test/ci-reporter.js'],
  maxWorkers: 1,
  // A server of three nodes on ordinary disks takes some milliseconds for each append.
  testTimeout: 120_000,
};
