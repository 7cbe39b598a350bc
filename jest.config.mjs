// Tests sit beside the source and run as compiled, on the code that ships.
export default {
  roots: ['<rootDir>/packages', '<rootDir>/tools'],
  testMatch: ['<rootDir>/packages/*/dist/**/*.test.js', '<rootDir>/tools/**/*.test.mjs'],
  testEnvironment: 'node',
  transform: {},
  reporters: ['default', '<rootDir>/tools/checks/reporter.mjs'],
  maxWorkers: 2,
  testTimeout: 20_000,
  testSequencer: '<rootDir>/tools/checks/longest-first.mjs',
};
