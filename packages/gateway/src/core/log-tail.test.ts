import { JobResult } from '@relais/contracts';
import { ManualClock, newTraceparent, RelaisError } from '@relais/kit';
import type { CallReport } from './call-report.js';
import { LogTail, type TailedLine } from './log-tail.js';

const caller = { traceparent: newTraceparent(false) };
const everything = { function: '', invocationId: '', levelMin: '', recentLines: 0, recentOnly: false };

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

test('one who left while a line was on its way to it makes room at once', async () => {
  const tail = new LogTail(new ManualClock());
  const ended = new AbortController();
  const all = Array.from({ length: 100 }, () => tail.follow(everything, caller, ended.signal));
  const first = all.map((lines) => lines.next());
  tail.called(report('a', 'one\ntwo'));
  // Each stands at its first line now, and is never asked for the second.
  await Promise.all(first);
  const further = tail.follow(everything, caller, new AbortController().signal);
  await expect(further.next()).rejects.toMatchObject({ code: 'resource_exhausted', fields: { reason: 'busy' } });
  ended.abort();
  const next = follow(tail, {});
  tail.called(report('a', 'three'));
  expect(await next.texts()).toEqual(['info three', 'info ended after 1.5 ms']);
  await next.end();
});

test('one who had left before it was heard takes no room', async () => {
  const tail = new LogTail(new ManualClock());
  tail.called(report('a', 'one'));
  const gone = Array.from({ length: 100 }, () =>
    tail.follow({ ...everything, recentLines: 1 }, caller, AbortSignal.abort()),
  );
  expect(await Promise.all(gone.map((lines) => lines.next()))).toEqual(Array(100).fill({ done: true }));
  const next = follow(tail, { recentLines: 1 });
  expect(await next.texts()).toEqual(['info ended after 1.5 ms']);
  await next.end();
});

describe('of calls that are over', () => {
  const recent = async (tail: LogTail, filter: object, functions?: ReadonlySet<string>) => {
    const reader = follow(tail, { recentLines: 1000, recentOnly: true, ...filter }, functions);
    const texts = await reader.texts();
    await reader.end();
    return texts;
  };
  const fault = new RelaisError('aborted', 'It threw.', { fault: 'function' });
  const refused = new RelaisError('resource_exhausted', 'The queue is full.', { fault: 'caller' });

  test('the latest lines are told, the newest last, and nothing behind them', async () => {
    const tail = new LogTail(new ManualClock(5000));
    tail.called(report('a', 'one\ntwo'));
    tail.called(report('b', 'three'));
    expect(await recent(tail, {})).toEqual([
      'info one',
      'info two',
      'info ended after 1.5 ms',
      'info three',
      'info ended after 1.5 ms',
    ]);
    expect(await recent(tail, { recentLines: 4 })).toEqual((await recent(tail, {})).slice(1));
    expect(await recent(tail, { recentLines: 0 })).toEqual([]);
  });

  test('filters hold for them too, and the count is of those that pass', async () => {
    const tail = new LogTail(new ManualClock());
    for (let call = 0; call < 5; call++) tail.called(report('a', `WARN ${call}`));
    for (let call = 0; call < 5; call++) tail.called(report('b', 'plain'));
    expect(await recent(tail, { levelMin: 'warn', recentLines: 2 })).toEqual(['warn WARN 3', 'warn WARN 4']);
    expect(await recent(tail, { function: 'a', recentLines: 1 })).toEqual(['info ended after 1.5 ms']);
    expect(await recent(tail, { recentLines: 2 }, new Set(['a']))).toEqual(['warn WARN 4', 'info ended after 1.5 ms']);
  });

  test('those to come follow, and no call is told twice or left out', async () => {
    const tail = new LogTail(new ManualClock());
    tail.called(report('a', 'before'));
    const reader = follow(tail, { recentLines: 10 });
    tail.called(report('a', 'after'));
    expect(await reader.texts()).toEqual([
      'info before',
      'info ended after 1.5 ms',
      'info after',
      'info ended after 1.5 ms',
    ]);
    await reader.end();
  });

  test('a call that printed nothing is not kept, unless it failed by its own fault', async () => {
    const tail = new LogTail(new ManualClock());
    tail.called(report('a', ''));
    tail.called(report('a', '', { failure: refused }));
    tail.called(report('a', '', { failure: fault }));
    expect(await recent(tail, {})).toEqual(['error failed after 1.5 ms: It threw.']);
  });

  test('what is kept is bounded by calls and by characters; the oldest go', async () => {
    const many = new LogTail(new ManualClock());
    for (let call = 0; call < 1100; call++) many.called(report(`f${call}`, 'x'));
    expect(await recent(many, { function: 'f99' })).toEqual([]);
    expect(await recent(many, { function: 'f100' })).toHaveLength(2);
    const large = new LogTail(new ManualClock());
    for (let call = 0; call < 20; call++) large.called(report(`f${call}`, 'x'.repeat(256 * 1024)));
    expect(await recent(large, { function: 'f3' })).toEqual([]);
    expect(await recent(large, { function: 'f4' })).toHaveLength(2);
  });

  test('more than a thousand are refused', async () => {
    const lines = new LogTail(new ManualClock()).follow(
      { ...everything, recentLines: 1001 },
      caller,
      AbortSignal.abort(),
    );
    await expect(lines.next()).rejects.toMatchObject({ fields: { reason: 'too_many_lines' } });
  });
});
