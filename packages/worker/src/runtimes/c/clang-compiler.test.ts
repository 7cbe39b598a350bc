import { FunctionConfig } from '@relais/contracts';
import { ManualClock, RelaisError, systemClock } from '@relais/kit';
import { testGroups, testSandbox } from '../../processes/testing/launcher.js';
import { WasmEngine } from '../../wasm/engine.js';
import { descendantPids, rejectionOf, until } from '../conformance/support.js';
import { defaultRuntimeLimits } from '../limits.js';
import { createCRuntime } from './c-runtime.js';
import { ClangCompiler } from './clang-compiler.js';
import { parseClangOutput } from './clang-diagnostics.js';

const slowTestMs = 90_000;
const budgetMs = 80_000;
const program = (source: string) => ({
  files: new Map([['main.c', Buffer.from(source)]]),
  sources: ['main.c'],
  flags: ['-O2'],
});
const small = program('int main(void) { return 0; }');
// Constant evaluation without a step limit: the compiler is busy for ever.
const endless = program(
  `${Array.from({ length: 60 }, (_, n) => `#define A${n + 1} A${n} A${n} A${n} A${n}`).join('\n')}\n#define A0 1+\nint x = A60 1;\nint main(void) { return 0; }`,
);

function isGone(pid: number | undefined): boolean {
  return pid !== undefined && !descendantPids().has(pid);
}

test(
  'stays warm between compiles and ends when idle',
  async () => {
    const clock = new ManualClock();
    const compiler = new ClangCompiler(clock, 1000, testSandbox);
    const replies = [await compiler.compile(small, budgetMs), await compiler.compile(small, budgetMs)];
    const pid = compiler.pids[0];
    expect(replies.map(({ module }) => module?.subarray(0, 4))).toEqual([Buffer.from('\0asm'), Buffer.from('\0asm')]);
    clock.advance(999);
    expect(compiler.pids[0]).toBe(pid);
    clock.advance(1);
    await until('the idle compiler is gone', () => isGone(pid));
    expect((await compiler.compile(small, budgetMs)).module).toBeDefined();
    await compiler.close();
  },
  slowTestMs,
);

test(
  'large arrays take seconds, and one beyond what the compiler may write is refused',
  async () => {
    const array = (mebibytes: number) =>
      program(`static volatile char a[${mebibytes} << 20];\nint main(void) { a[5] = 1; return 0; }`);
    const compiler = new ClangCompiler(systemClock, 60_000, testSandbox, testGroups);
    await compiler.compile(small, budgetMs);
    expect((await compiler.compile(array(64), 20_000)).module).toBeDefined();
    const refused = await compiler.compile(array(260), 30_000);
    expect(refused.module).toBeUndefined();
    expect(parseClangOutput(refused.said, 'main.c', 'main.c')[0]?.message).toContain('larger than 256 MiB');
    expect((await compiler.compile(small, budgetMs)).module).toBeDefined();
    await compiler.close();
  },
  slowTestMs,
);

test(
  'a compile over its budget is killed with what it needs, and the next one gets a new process',
  async () => {
    const clock = new ManualClock();
    const compiler = new ClangCompiler(clock, 60_000, testSandbox, testGroups);
    await compiler.compile(small, budgetMs);
    const pid = compiler.pids[0];
    const pending = rejectionOf(compiler.compile(endless, 5000));
    const waiting = compiler.compile(small, 20_000);
    clock.advance(5000);
    expect(await pending).toMatchObject({ code: 'deadline_exceeded' });
    expect((await waiting).module).toBeDefined();
    await until('the slow compiler is gone', () => isGone(pid));
    await compiler.close();
    await compiler.close();
    expect(await rejectionOf(compiler.compile(small, 5000))).toMatchObject({ code: 'unavailable' });
  },
  slowTestMs,
);

test(
  'beside a slow compile a second process takes those of others, and a third slow one waits',
  async () => {
    const clock = new ManualClock();
    const compiler = new ClangCompiler(clock, 60_000, testSandbox);
    const slow = rejectionOf(compiler.compile(endless, 60_000, { caller: 'a' }));
    const own = rejectionOf(compiler.compile(small, 60_000, { caller: 'a' }));
    const next = compiler.compile(small, 60_000, { caller: 'b' });
    clock.advance(4999);
    expect(compiler.pids).toHaveLength(1);
    clock.advance(1);
    await until('there is a second', () => compiler.pids.length === 2);
    expect((await next).module).toBeDefined();
    const others = [
      compiler.compile(endless, 20_000, { caller: 'b' }),
      compiler.compile(small, 10_000, { caller: 'c' }),
    ].map(rejectionOf);
    clock.advance(10_000);
    expect(await others[1]).toMatchObject({ code: 'deadline_exceeded' });
    const pids = compiler.pids;
    expect(pids).toHaveLength(2);
    await compiler.close();
    const codes = (await Promise.all([slow, own, others[0]])).map((error) => error?.code);
    expect(codes).toEqual(['unavailable', 'unavailable', 'unavailable']);
    expect(pids.every(isGone)).toBe(true);
  },
  slowTestMs,
);

test(
  'a compile that nobody wants any more is killed, and costs the others nothing but a new process',
  async () => {
    const compiler = new ClangCompiler(systemClock, 60_000, testSandbox, testGroups);
    await compiler.compile(small, budgetMs);
    const [pid] = compiler.pids;
    const gone = new AbortController();
    const { signal } = gone;
    const unwanted = [endless, small].map((each) => rejectionOf(compiler.compile(each, budgetMs, { signal })));
    const wanted = compiler.compile(small, budgetMs);
    gone.abort(new RelaisError('cancelled', 'gone'));
    expect((await Promise.all(unwanted)).map(({ code }) => code)).toEqual(['cancelled', 'cancelled']);
    await until('its compiler is gone', () => isGone(pid));
    expect((await wanted).module).toBeDefined();
    await compiler.close();
  },
  slowTestMs,
);

test(
  'a compiler that dies fails its own compile only',
  async () => {
    const compiler = new ClangCompiler(systemClock, 60_000, testSandbox);
    await compiler.compile(small, budgetMs);
    const pending = rejectionOf(compiler.compile(endless, budgetMs));
    const waiting = compiler.compile(small, budgetMs);
    process.kill(Number(compiler.pids[0]), 'SIGKILL');
    expect((await pending).fields.reason).toBe('compiler_crashed');
    expect((await waiting).module).toBeDefined();
    await compiler.close();
  },
  slowTestMs,
);

test(
  'refuses more than sixteen waiting, and closing refuses what waits',
  async () => {
    const compiler = new ClangCompiler(systemClock, 60_000, testSandbox);
    const running = Array.from({ length: 17 }, () => rejectionOf(compiler.compile(endless, budgetMs)));
    expect((await rejectionOf(compiler.compile(small, budgetMs))).fields.reason).toBe('queue_full');
    await compiler.close();
    const codes = (await Promise.all(running)).map(({ code }) => code);
    expect(new Set(codes)).toEqual(new Set(['unavailable']));
  },
  slowTestMs,
);

test(
  'host files cannot be included, flags reach the compiler, warnings come with success',
  async () => {
    const engine = new WasmEngine({ limits: defaultRuntimeLimits, clock: systemClock });
    const compiler = new ClangCompiler(systemClock, 60_000, testSandbox);
    const runtime = createCRuntime({ engine, compiler, limits: defaultRuntimeLimits });
    const build = (source: string, cflags: string[] = [], filename = 'dir/hello.c') =>
      runtime.build(
        { source: Buffer.from(source), filename, config: FunctionConfig.fromPartial({ cflags }) },
        budgetMs,
      );

    const include = await rejectionOf(build('#include "/etc/passwd"\n'));
    expect(include.fields.diagnostics?.[0]).toMatchObject({ file: 'dir/hello.c', line: 1, column: 10 });
    expect(include.fields.diagnostics?.[0]?.message).toContain('not found');

    const warned = await build('int main(void) { int unused; return VALUE; }', ['-DVALUE=0', '-Wall']);
    expect(warned.diagnostics).toMatchObject([{ file: 'dir/hello.c', line: 1, severity: 'warning' }]);

    const unlinked = await rejectionOf(build('int missing(void);\nint main(void) { return missing(); }'));
    expect(unlinked.fields.diagnostics).toContainEqual({
      file: 'dir/hello.c',
      line: 0,
      column: 0,
      severity: 'error',
      message: 'undefined symbol: missing',
    });

    const unknownFlag = await rejectionOf(build('int main(void) { return 0; }', ['-fno-such-thing']));
    expect(RelaisError.is(unknownFlag) && unknownFlag.message).toContain('-fno-such-thing');

    const refusedFlag = await rejectionOf(build('int main(void) { return 0; }', ['-Wl,--export-all']));
    expect(refusedFlag.fields.reason).toBe('invalid_cflags');

    const foreign = await rejectionOf(
      build(
        '__attribute__((import_module("env"), import_name("system"))) int host(void);\nint main(void) { return host(); }',
      ),
    );
    expect(foreign.message).toContain('env.system');
    await runtime.close();
  },
  slowTestMs,
);

test('reads what clang says, bounded, with the caller’s file name', () => {
  const said = [
    'main.c:3:5: fatal error: no: such: thing',
    '    3 | code',
    '/usr/include/stdio.h:1:2: note: here',
    'warning: unknown warning option',
    'clang: error: unknown argument',
    'wasm-ld: error: /tmp/main-1a.o: undefined symbol: f',
  ];
  expect(parseClangOutput(said.join('\n'), 'main.c', 'mine.c')).toEqual([
    { file: 'mine.c', line: 3, column: 5, severity: 'error', message: 'no: such: thing' },
    { file: '/usr/include/stdio.h', line: 1, column: 2, severity: 'note', message: 'here' },
    { file: 'mine.c', line: 0, column: 0, severity: 'warning', message: 'unknown warning option' },
    { file: 'mine.c', line: 0, column: 0, severity: 'error', message: 'unknown argument' },
    { file: 'mine.c', line: 0, column: 0, severity: 'error', message: 'undefined symbol: f' },
  ]);
  expect(parseClangOutput('main.c:1:1: error: x\n'.repeat(1000), 'main.c', 'main.c')).toHaveLength(100);
});
