import { ManualClock } from '@relais/kit';
import { failureOf, outputOf } from '../runtimes/conformance/support.js';
import { assemble } from './testing/assemble.js';
import { CModules } from './testing/c-modules.js';
import { run, testEngine, testVersion } from './testing/load.js';

const slowTestMs = 90_000;
const modules = new CModules();
afterAll(() => modules.close());

const head = '#include <stdio.h>\n#include <stdlib.h>\n#include <string.h>\n#include <unistd.h>\n';

async function load(source: string, memoryMb = 128) {
  return testEngine().load(testVersion(memoryMb), await modules.compile(head + source));
}

test('live memories stay within the bound, and every function still runs', async () => {
  const engine = testEngine({ liveMemoriesMax: 3 });
  const module = assemble({ start: [] });
  const functions = await Promise.all(Array.from({ length: 10 }, () => engine.load(testVersion(), module)));
  for (const fn of [...functions, ...functions]) {
    outputOf(run(fn));
    expect(engine.liveMemories).toBeLessThanOrEqual(3);
  }
  expect(run(functions[9] as (typeof functions)[0]).attributes).toEqual({ 'relais.wasm.instance': 'reset' });
  await functions[9]?.close();
  expect(engine.liveMemories).toBe(2);
  engine.close();
  expect(engine.liveMemories).toBe(0);
});

test(
  'twenty thousand instances come and go in one process',
  async () => {
    const engine = testEngine();
    const fn = await engine.load(testVersion(), assemble({ startSection: true, start: [] }));
    for (let call = 0; call < 20_000; call += 1) outputOf(run(fn));
    engine.close();
  },
  slowTestMs,
);

test(
  'a trap names the functions on its stack',
  async () => {
    const fn = await load(
      '__attribute__((noinline)) void inner(int *p) { *p = 1; }\n__attribute__((noinline)) void outer(int *p) { inner(p); puts("x"); }\nint main(void) { outer((int *)0x7fffff00); return 0; }',
    );
    const error = failureOf(run(fn));
    expect(error.message).toContain('memory access out of bounds');
    expect(error.fields.exit?.stack).toMatch(/at inner \(wasm-function\[\d+\]:0x[0-9a-f]+\)\n.* at outer/);
  },
  slowTestMs,
);

test(
  'endless recursion is a stack overflow of the function',
  async () => {
    const fn = await load(
      '__attribute__((noinline)) int deep(int n) { return n == -1 ? 0 : 1 + deep(n + 1) * 3; }\nint main(void) { printf("%d", deep(0)); return 0; }',
    );
    const error = failureOf(run(fn));
    expect([error.code, error.fields.reason]).toEqual(['aborted', 'function_failed']);
    expect(error.message).toContain('stack');
    expect(failureOf(run(fn)).message).toBe(error.message);
  },
  slowTestMs,
);

test(
  'running out of memory is memory_limit with limit and use',
  async () => {
    const fn = await load(
      'int main(void) { for (;;) { volatile char *p = malloc(1 << 20); if (!p) abort(); p[0] = 1; } }',
      32,
    );
    const error = failureOf(run(fn));
    expect([error.code, error.fields.reason]).toEqual(['aborted', 'memory_limit']);
    expect(error.fields.limit).toMatchObject({ name: 'memoryMb', limit: 32 });
    expect(error.fields.limit?.used).toBeGreaterThan(27);
  },
  slowTestMs,
);

test(
  'a refused malloc is the program’s to handle',
  async () => {
    const fn = await load(
      'int main(void) { char *volatile p = malloc(64 << 20); puts(p ? "got it" : "refused"); return 0; }',
      32,
    );
    expect(outputOf(run(fn)).toString()).toBe('refused\n');
  },
  slowTestMs,
);

test(
  'a sleep ends at the deadline with deadline_exceeded, without passing it',
  async () => {
    const clock = new ManualClock();
    const engine = testEngine({ clock, wait: (ms) => clock.advance(ms) });
    const module = await modules.compile(`${head}int main(void) { sleep(2); puts("rested"); return 0; }`);
    const fn = await engine.load(testVersion(), module);
    const call = {
      jobId: 1,
      invocationId: 'i',
      payload: Buffer.alloc(0),
      budgetMs: 0,
      traceparent: '',
      attempt: 1,
      begun: () => {},
    };
    expect(await fn.invoke({ ...call, deadlineMs: 3000 })).toMatchObject({ result: { ok: true }, runUs: 2_000_000 });
    const late = await fn.invoke({ ...call, deadlineMs: 2500 });
    expect(failureOf(late)).toMatchObject({ code: 'deadline_exceeded', fields: { reason: 'timeout' } });
    expect(clock.nowMs()).toBe(2500);
  },
  slowTestMs,
);

test(
  'the world has no files, arguments but a name, and true randomness',
  async () => {
    const fn = await load(
      '#include <fcntl.h>\n#include <errno.h>\n#include <sys/random.h>\nint main(int n, char **v) { int e = open("/etc/passwd", O_RDONLY) < 0 ? errno : 0; int w = fopen("x", "w") ? 0 : errno; unsigned r = 0; getentropy(&r, 4); fprintf(stderr, "%u", r); printf("%d %s %d %d", n, v[0], e != 0, w != 0); return 0; }',
    );
    const [first, second] = [run(fn), run(fn)];
    expect(outputOf(first).toString()).toBe('1 probe 1 1');
    expect(first.logs).not.toBe(second.logs);
  },
  slowTestMs,
);

test('a module that V8 refuses is invalid_wasm', async () => {
  // i32.add on an empty stack: well-formed, but not valid.
  const failure = testEngine().load(testVersion(), assemble({ start: [0x6a, 0x1a] }));
  await expect(failure).rejects.toMatchObject({ code: 'invalid_argument', fields: { reason: 'invalid_wasm' } });
});
