import { type Duplex, duplexPair } from 'node:stream';
import { deserialize } from 'node:v8';
import { RelaisError, systemClock } from '@relais/kit';
import { encodeFrame, FrameReader } from '../../processes/frames.js';
import { failureOf, testCall } from '../../runtimes/conformance/support.js';
import type { CallOutcome, LoadedFunction } from '../../runtimes/runtime.js';
import { testEngine, testVersion } from '../testing/load.js';
import { LocalThreads } from './local-threads.js';
import { RemoteThreads } from './remote-threads.js';
import { serveThreads } from './serve-threads.js';
import type { ToThreads } from './thread-wire.js';

/** (module (memory (export "memory") 1) (func (export "_start"))), told from others by a custom section. */
function moduleNumber(n: number): Uint8Array {
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
    ...[0x01, 0x04, 0x01, 0x60, 0x00, 0x00],
    ...[0x03, 0x02, 0x01, 0x00],
    ...[0x05, 0x03, 0x01, 0x00, 0x01],
    ...[0x07, 0x13, 0x02, 6, ...Buffer.from('memory'), 2, 0, 6, ...Buffer.from('_start'), 0, 0],
    ...[0x0a, 0x04, 0x01, 0x02, 0x00, 0x0b],
    ...[0x00, 0x03, 0x01, 0x6e, n],
  ]);
}

const apart = async (fn: LoadedFunction, jobId = 1): Promise<CallOutcome> =>
  fn.invoke({ ...testCall(), jobId, apart: true });

test('the other process keeps the programs that were used last, and is sent again what it has let go', async () => {
  const [here, there] = duplexPair();
  const sent: ToThreads[] = [];
  const reader = new FrameReader({
    payloadBytesMax: 1e6,
    onFrame: ({ payload }) => sent.push(deserialize(payload)),
    onViolation: () => {},
  });
  const [tapped, served] = duplexPair();
  there.on('data', (chunk: Buffer) => {
    reader.push(chunk);
    tapped.write(chunk);
  });
  tapped.on('data', (chunk: Buffer) => there.write(chunk));
  serveThreads(served, new LocalThreads({ clock: systemClock }), () => {});
  const engine = testEngine({ threadHost: new RemoteThreads(here, () => {}) });
  const programs = () => sent.filter(({ type }) => type === 'program').length;
  const functions = await Promise.all(
    Array.from({ length: 65 }, (_, n) => engine.load(testVersion(), moduleNumber(n))),
  );
  const [first, second] = functions as [LoadedFunction, LoadedFunction];
  for (const fn of functions.slice(0, 64)) expect((await apart(fn)).result.ok).toBe(true);
  expect((await apart(first)).result.ok).toBe(true);
  expect(programs()).toBe(64);
  expect((await apart(functions[64] as LoadedFunction)).result.ok).toBe(true);
  expect(sent.filter(({ type }) => type === 'forget')).toHaveLength(1);
  expect((await apart(first)).result.ok).toBe(true);
  expect(programs()).toBe(65);
  expect((await apart(second)).result.ok).toBe(true);
  expect(programs()).toBe(66);
  engine.close();
});

const ends: readonly (readonly [string, (there: Duplex) => void])[] = [
  ['ends', (there) => there.end()],
  ['sends no frames', (there) => there.write(Buffer.alloc(8, 0xff))],
  [
    'sends what is no message',
    (there) => {
      for (const bytes of encodeFrame({}, Buffer.from('none'))) there.write(bytes);
    },
  ],
];

test.each(ends)(
  'when the other process %s, calls that it has fail, and so do later ones, at once',
  async (_how, end) => {
    const [here, there] = duplexPair();
    there.resume();
    let lost = 0;
    const engine = testEngine({ threadHost: new RemoteThreads(here, () => lost++) });
    const fn = await engine.load(testVersion(), moduleNumber(0));
    const under = apart(fn);
    end(there);
    for (const outcome of [await under, await apart(fn, 2)]) {
      const { code, fields, retryable } = failureOf(outcome);
      expect([code, fields.reason, retryable]).toEqual(['unavailable', 'thread_lost', false]);
    }
    expect(lost).toBe(1);
    expect(RelaisError.is(failureOf(await apart(fn, 3)))).toBe(true);
    engine.close();
  },
);
