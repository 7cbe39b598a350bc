import { defineConfig } from './schema.js';

const int = { kind: 'int', default: 1, min: 0, max: 9, describe: '.' } as const;

test.each([
  ['a name that is not camelCase', { 'queue-length': int }],
  ['two keys with one flag', { queueLength: int, port: { ...int, alias: 'queue-length' } }],
  ['the flag of the file', { config: int }],
  ['a default out of its bounds', { port: { ...int, default: 10 } }],
  ['a default that is no choice', { mode: { kind: 'enum', values: ['a'], default: 'b', describe: '.' } } as const],
])('refuses %s', (_title, schema) => {
  expect(() => defineConfig(schema)).toThrow(/^config key/);
});
