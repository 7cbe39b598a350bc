import { RelaisError } from '@relais/kit';
import { type Subject, slowTestMs } from './subject.js';
import { failureOf, outputOf, testCall, until } from './support.js';
import { TestStream } from './test-stream.js';

const windowBytes = 128 * 1024;

export function streamCases(subject: Subject): void {
  test(
    'a call that may stream answers the same output',
    async () => {
      for (const [key, payload] of [
        ['hello', ''],
        ['unicode', ''],
        ['echo', 'relais! '.repeat(200_000)],
      ] as const) {
        const caller = new TestStream({ reads: true });
        const call = { ...testCall({ payload }), stream: caller.stream };
        const streamed = outputOf(await (await subject.get(key)).loaded.invoke(call));
        const whole = outputOf(await (await subject.get(key)).call({ payload }));
        expect(Buffer.concat([...caller.parts, streamed]).equals(whole)).toBe(true);
      }
    },
    slowTestMs,
  );

  test(
    'output leaves while the function runs; one that is not read stops it, and one that reads again has it go on',
    async () => {
      const fn = await subject.get('endlessLines');
      const caller = new TestStream({ reads: false, windowBytes });
      const call = { ...testCall(), stream: caller.stream };
      const pending = Promise.resolve(fn.loaded.invoke(call));
      let ended = false;
      void pending.then(() => {
        ended = true;
      });
      await until('the window is used up', () => caller.stream.roomBytes < 64, 30_000);
      await new Promise((resolve) => setTimeout(resolve, 100));
      const before = caller.receivedBytes;
      expect(ended).toBe(false);
      expect(before).toBeLessThanOrEqual(windowBytes);
      await until('far more has come to one who reads', () => {
        caller.read();
        return caller.receivedBytes > before + 4 * windowBytes;
      });
      expect(ended).toBe(false);
      fn.loaded.cancel(call.jobId, new RelaisError('cancelled', 'given by the test'));
      expect(failureOf(await pending).message).toBe('given by the test');
      expectLines(caller.text);
    },
    slowTestMs,
  );

  test(
    'a stream that is cancelled while nobody reads ends at once, and the next call works',
    async () => {
      const fn = await subject.get('endlessLines');
      const caller = new TestStream({ reads: false, windowBytes });
      const call = { ...testCall(), stream: caller.stream };
      const pending = Promise.resolve(fn.loaded.invoke(call));
      await until('the window is used up', () => caller.stream.roomBytes < 64, 30_000);
      const startMs = performance.now();
      fn.loaded.cancel(call.jobId, new RelaisError('cancelled', 'given by the test'));
      expect(failureOf(await pending).code).toBe('cancelled');
      expect(performance.now() - startMs).toBeLessThan(1000);
      expect(outputOf(await (await subject.get('hello')).call()).toString()).toBe('hello\n');
    },
    slowTestMs,
  );

  test(
    'a failure after output is a failure, with the output before it',
    async () => {
      const caller = new TestStream({ reads: true });
      const call = { ...testCall(), stream: caller.stream };
      const error = failureOf(await (await subject.get('brokenStream')).loaded.invoke(call));
      expect(error).toMatchObject({ code: 'aborted', fault: 'function', fields: { reason: 'function_failed' } });
      expect(caller.text).toBe('so far\n');
    },
    slowTestMs,
  );

  test(
    'a stream has a bound of its own',
    async () => {
      const bytesMax = 300_000;
      const caller = new TestStream({ reads: true, bytesMax });
      const call = { ...testCall(), stream: caller.stream };
      const error = failureOf(await (await subject.get('endlessLines')).loaded.invoke(call));
      expect(error.fields).toMatchObject({
        reason: 'output_limit',
        limit: { name: 'streamBytesMax', limit: bytesMax },
      });
      expect(caller.receivedBytes).toBeLessThanOrEqual(bytesMax);
    },
    slowTestMs,
  );
}

/** "line 0", "line 1" and so on, none missing; the last may be cut. */
function expectLines(text: string): void {
  const lines = text.split('\n').slice(0, -1);
  const wrong = lines.findIndex((line, index) => line !== `line ${index}`);
  expect([wrong, lines[wrong]]).toEqual([-1, undefined]);
}
