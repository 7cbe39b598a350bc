import { FunctionConfig } from '@relais/contracts';
import { completeConfig } from './function-config.js';
import { languageOf } from './languages.js';

const c = languageOf('c', '');
const js = languageOf('js', '');
const config = (fields: Partial<FunctionConfig>) => FunctionConfig.fromPartial(fields);

test('fills in the defaults of the contract', () => {
  expect(completeConfig(undefined, c)).toMatchObject({ timeoutMs: 30_000, memoryMb: 128, concurrency: 0, cflags: [] });
});

test.each([
  { timeoutMs: 1 },
  { timeoutMs: 900_000 },
  { memoryMb: 16 },
  { memoryMb: 4_096 },
  { concurrency: 1_000 },
  { entry: 'src/main.c' },
  { http: 'cgi' },
  { strategy: 'affinity' },
  { scale: { targetCalls: 20, max: 1_000, idleMs: 1_000, min: 2 } },
  { env: { A: 'x'.repeat(4_095) } },
  { cflags: ['-O2', '-Os', '-DNAME=1', '-Iinclude', '-std=c11', '-Wall', '-Wno-unused', '-fno-exceptions'] },
])('takes %j', (fields) => {
  expect(completeConfig(config(fields), c)).toMatchObject(fields);
});

test.each([
  ['', ''],
  ['none', ''],
  ['host', 'host'],
  ['allow:api.example.com:443', 'allow:api.example.com:443'],
  ['allow:API.Example.com:0443,[2001:DB8::1]:80', 'allow:api.example.com:443,[2001:db8::1]:80'],
])('the network "%s" is kept as "%s"', (given, kept) => {
  expect(completeConfig(config({ network: given }), js).network).toBe(kept);
});

test.each([
  ['all', 'network must be allow:HOST:PORT'],
  ['allow:', 'network: "" is not HOST:PORT'],
  ['allow:a.example', 'is not HOST:PORT'],
  ['allow:a.example:0', 'is not HOST:PORT'],
  ['allow:a.example:65536', 'is not HOST:PORT'],
  ['allow:https://a.example:443', 'is not HOST:PORT'],
  ['allow:user@a.example:443', 'is not HOST:PORT'],
  ['allow:*.example:443', 'is not HOST:PORT'],
  ['allow:a.example:443,', 'network: "" is not HOST:PORT'],
  ['allow:[::1:443', 'is not HOST:PORT'],
  [`allow:${Array(33).fill('a.example:1').join()}`, 'network may name at most 32, not 33'],
])('refuses the network "%s"', (network, message) => {
  expect(() => completeConfig(config({ network }), js)).toThrow(message);
});

test('refuses a network for a language that has no socket', () => {
  expect(() => completeConfig(config({ network: 'host' }), c)).toThrow('a function in c has no socket');
  const html = languageOf('html', '');
  expect(() => completeConfig(config({ network: 'host' }), html)).toThrow('a function in html has no socket');
});

test.each([
  [{ timeoutMs: 900_001 }, 'timeoutMs must be 1 to 900000'],
  [{ memoryMb: 15 }, 'memoryMb must be 16 to 4096'],
  [{ memoryMb: 4_097 }, 'memoryMb'],
  [{ concurrency: 1_001 }, 'concurrency must be 1 to 1000'],
  [{ isolation: 7 }, 'isolation'],
  [{ entry: '../x.c' }, 'entry'],
  [{ entry: '/etc/passwd' }, 'entry'],
  [{ http: 'fcgi' }, 'http'],
  [{ strategy: 'best' }, 'strategy must be one of rr, fifo, weighted, least, affinity'],
  [{ scale: { targetCalls: 1_001, max: 0, idleMs: 0, min: 0 } }, 'scale.targetCalls must be 1 to 1000'],
  [{ scale: { targetCalls: 0, max: 0, idleMs: 999, min: 0 } }, 'scale.idleMs must be 1000 to 3600000'],
  [{ scale: { targetCalls: 0, max: 0, idleMs: 0, min: 101 } }, 'scale.min must be 1 to 100, not 101'],
  [{ env: { A: 'x'.repeat(4_096) } }, 'env may have at most 4096 bytes'],
  [{ env: { 'A B': '' } }, 'is not a variable name'],
  [{ env: { RELAIS_INVOCATION_ID: 'x' } }, 'set by Relais itself'],
  [{ env: { A: '\0' } }, 'zero byte'],
  [{ cflags: ['-o', '/etc/x'] }, '"-o"'],
  [{ cflags: ['-I/usr/include'] }, '-I/usr/include'],
  [{ cflags: ['-Ia/../../b'] }, '-Ia/../../b'],
  [{ cflags: ['-fplugin=evil.so'] }, '-fplugin'],
  [{ cflags: ['-Wl,-rpath'] }, '-Wl'],
  [{ cflags: ['main.c'] }, 'main.c'],
  [{ cflags: Array(65).fill('-O2') }, 'at most 64 flags'],
])('refuses %j', (fields, message) => {
  expect(() => completeConfig(config(fields), c)).toThrow(message);
});

test('a strategy may be written in any case', () => {
  expect(completeConfig(config({ strategy: 'Least' }), c).strategy).toBe('least');
});

test('refuses compiler flags for a language without a C compiler', () => {
  expect(() => completeConfig(config({ cflags: ['-O2'] }), js)).toThrow('for c and cpp only, not js');
});
