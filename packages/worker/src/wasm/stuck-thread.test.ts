import { ManualClock, RelaisError } from '@relais/kit';
import { failureOf, testCall, until } from '../runtimes/conformance/support.js';
import type { LoadedFunction } from '../runtimes/runtime.js';
import { leb } from './module/leb.js';
import { testEngine, testVersion } from './testing/load.js';
import { LocalThreads } from './threads/local-threads.js';

const slowTestMs = 120_000;

/** A small program that V8 compiles for long: for each of its blocks it notes where each of its locals is. */
function slowToCompile(blocks: number): Uint8Array {
  const locals = [0x01, 0xe8, 0xfe, 0x02, 0x7f]; // 49,000 of type i32
  const body = [...locals, ...Array.from({ length: blocks }, () => [0x02, 0x40, 0x41, 0, 0x0d, 0, 0x0b]).flat(), 0x0b];
  const code = [0x01, ...leb(body.length), ...body];
  const named = (name: string, kind: number) => [name.length, ...Buffer.from(name), kind, 0];
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
    ...[0x01, 0x04, 0x01, 0x60, 0x00, 0x00],
    ...[0x03, 0x02, 0x01, 0x00],
    ...[0x05, 0x03, 0x01, 0x00, 0x01],
    ...[0x07, 0x13, 0x02, ...named('memory', 2), ...named('_start', 0)],
    ...[0x0a, ...leb(code.length), ...code],
  ]);
}

test(
  'a thread that compiles on when it was ended is told of',
  async () => {
    let stuck = 0;
    const clock = new ManualClock();
    const engine = testEngine({
      clock,
      threadHost: new LocalThreads({ clock, stuck: () => stuck++, endCpuMsMax: 100 }),
    });
    const apart = async (fn: LoadedFunction) => fn.invoke({ ...testCall(), jobId: 1, apart: true });
    const quick = await engine.load(testVersion(), slowToCompile(0));
    const slow = await engine.load(testVersion(), slowToCompile(4000));
    expect((await apart(quick)).result.ok).toBe(true);
    const before = process.cpuUsage();
    const late = apart(slow);
    await until('it compiles', () => process.cpuUsage(before).user > 100_000);
    slow.cancel(1, new RelaisError('deadline_exceeded', 'late'));
    expect(failureOf(await late).code).toBe('deadline_exceeded');
    clock.advance(500);
    expect(stuck).toBe(0);
    await until('it has used much', () => {
      clock.advance(500);
      return stuck > 0;
    });
    clock.advance(5000);
    expect(stuck).toBe(1);
    expect((await apart(quick)).result.ok).toBe(true);
    engine.close();
  },
  slowTestMs,
);
