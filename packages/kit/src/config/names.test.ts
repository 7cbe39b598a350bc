import { flagOf, unitOf, variableOf } from './names.js';
import { nearest } from './nearest.js';

test.each([
  ['port', 'port', 'RELAIS_PORT', ''],
  ['payloadBytesMax', 'payload-bytes-max', 'RELAIS_PAYLOAD_BYTES_MAX', 'bytes'],
  ['idleTimeoutMs', 'idle-timeout-ms', 'RELAIS_IDLE_TIMEOUT_MS', 'ms'],
  ['http2StreamsMax', 'http2-streams-max', 'RELAIS_HTTP2_STREAMS_MAX', ''],
  ['memoryMb', 'memory-mb', 'RELAIS_MEMORY_MB', 'MiB'],
])('%s is --%s and %s', (name, flag, variable, unit) => {
  expect([flagOf(name), variableOf(name), unitOf(name)]).toEqual([flag, variable, unit]);
});

test.each([
  ['prot', 'port'],
  ['PORT', 'port'],
  ['workerz', 'workers'],
  ['zzzzzzzz', undefined],
  ['p'.repeat(10_000), undefined],
])('the nearest to %s is %s', (name, expected) => {
  expect(nearest(name, ['port', 'host', 'workers'])).toBe(expected);
});
