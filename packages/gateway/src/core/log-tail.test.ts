import { JobResult } from '@relais/contracts';
import { ManualClock, newTraceparent, RelaisError } from '@relais/kit';
import type { CallReport } from './call-report.js';
import { LogTail, type TailedLine } from './log-tail.js';

const caller = { traceparent: newTraceparent(false) };
const everything = { function: '', invocationId: '', levelMin: '' };

function report(functionName: string, logs: string, over: Partial<CallReport> = {}): CallReport {
  const result = JobResult.create({ logs });
  const names = { functionName, functionId: `${functionName}_1`, invocationId: `i-${functionName}`, version: 2 };
  return { ...names, traceparent: newTraceparent(false), startMs: 0, endMs: 1.5, result, ...over };
}

function follow(tail: LogTail, filter: object, functions?: ReadonlySet<string>) {
  const ended = new AbortController();
  const lines: TailedLine[] = [];
  const done = (async () => {
    for await (const line of tail.follow({ ...everything, ...filter }, { ...caller, functions }, ended.signal)) {
      lines.push(line);
    }
  })();
  return {
    lines,
    async texts() {
      await new Promise(setImmediate);
      return lines.map(({ level, text }) => `${level} ${text}`);
    },
    async end() {
      ended.abort();
      await done;
    },
  };
}

test('lines reach whoever looks on, with their level, call and trace, and its end', async () => {
  const tail = new LogTail(new ManualClock(5000));
  const all = follow(tail, {});
  const failure = new RelaisError('aborted', 'It threw.');
  tail.called(report('a', 'hello\nWARN careful\n'));
  tail.called(report('b', '', { failure }));
  expect(await all.texts()).toEqual([
    'info hello',
    'warn WARN careful',
    'info ended after 1.5 ms',
    'error failed after 1.5 ms: It threw.',
  ]);
  expect(all.lines[0]).toMatchObject({ timeMs: 5000, function: 'a', version: 2, invocationId: 'i-a', platform: false });
  await all.end();
});

test('filters: function, invocation, level, and what the key is good for', async () => {
  const tail = new LogTail(new ManualClock());
  const ofB = follow(tail, { function: 'b' });
  const ofCall = follow(tail, { invocationId: 'i-a' });
  const severe = follow(tail, { levelMin: 'WARN' });
  const keyed = follow(tail, {}, new Set(['b']));
  tail.called(report('a', 'one\nERROR two'));
  tail.called(report('b', 'three'));
  expect(await ofB.texts()).toEqual(['info three', 'info ended after 1.5 ms']);
  expect(await ofCall.texts()).toEqual(['info one', 'error ERROR two', 'info ended after 1.5 ms']);
  expect(await severe.texts()).toEqual(['error ERROR two']);
  expect(await keyed.texts()).toEqual(['info three', 'info ended after 1.5 ms']);
  await Promise.all([ofB.end(), ofCall.end(), severe.end(), keyed.end()]);
});

test('a reader that is too slow misses lines and is told how many', async () => {
  const tail = new LogTail(new ManualClock());
  const slow = follow(tail, {});
  tail.called(report('a', Array.from({ length: 1500 }, (_, index) => `line ${index}`).join('\n')));
  await slow.texts();
  tail.called(report('a', 'after'));
  const texts = await slow.texts();
  expect([texts.length, slow.lines[1000]?.text, slow.lines[1000]?.linesDropped]).toEqual([1002, 'after', 501]);
  await slow.end();
});

test('an unknown level is refused', async () => {
  const lines = new LogTail(new ManualClock()).follow({ ...everything, levelMin: 'loud' }, caller, AbortSignal.abort());
  await expect(lines.next()).rejects.toMatchObject({ code: 'invalid_argument', fields: { reason: 'unknown_level' } });
});
