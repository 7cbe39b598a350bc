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
  { scale: { targetCalls: 20, max: 1_000, idleMs: 1_000 } },
  { env: { A: 'x'.repeat(4_095) } },
  { cflags: ['-O2', '-Os', '-DNAME=1', '-Iinclude', '-std=c11', '-Wall', '-Wno-unused', '-fno-exceptions'] },
])('takes %j', (fields) => {
  expect(completeConfig(config(fields), c)).toMatchObject(fields);
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
  [{ scale: { targetCalls: 1_001, max: 0, idleMs: 0 } }, 'scale.targetCalls must be 1 to 1000'],
  [{ scale: { targetCalls: 0, max: 0, idleMs: 999 } }, 'scale.idleMs must be 1000 to 3600000'],
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
