// Tests sit beside the source and run as compiled, on the code that ships.
export default {
  roots: ['<rootDir>/packages', '<rootDir>/tools'],
  testMatch: ['<rootDir>/packages/*/dist/**/*.test.js', '<rootDir>/tools/**/*.test.mjs'],
  testEnvironment: 'node',
  transform: {},
  maxWorkers: 2,
  testTimeout: 20_000,
};
