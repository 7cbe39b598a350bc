import type { LoadedFunction } from '../runtimes/runtime.js';
import { assemble } from './testing/assemble.js';
import { CModules } from './testing/c-modules.js';
import { observed, run, testEngine, testVersion } from './testing/load.js';

const slowTestMs = 90_000;
const modules = new CModules();
afterAll(() => modules.close());

/**
 * Does to itself what the payload says, each letter in turn: h prints a hash of its whole memory, its size, the address
 * of a local and the state of every kind of variable; the others leave as much behind as they can.
 */
const selfWitness = `
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
static int zeroed, initialised = 42;
static char large[5000];
static char *kept;
static int (*operation)(int);
extern char __heap_base;
static int twice(int n) { return n * 2; }
static int thrice(int n) { return n * 3; }
__attribute__((noinline)) static void descend(int depth, char how) {
  volatile char frame[64];
  memset((char *)frame, depth, sizeof frame);
  if (depth > 0) { descend(depth - 1, how); frame[0]++; return; }
  if (how == 't') __builtin_trap();
  if (how == 'x') exit(7);
  if (how == 'w') { volatile int *wild = (int *)0x7ffffff0; *wild = 1; }
}
__attribute__((noinline)) static void hash(void) {
  unsigned long bytes = __builtin_wasm_memory_size(0) * 65536ul;
  unsigned int sum = 2166136261u;
  for (unsigned long at = 0; at < bytes; at++) sum = (sum ^ *(volatile unsigned char *)at) * 16777619u;
  int local;
  printf("%x %lu %p %d %d %d %d\\n", sum, bytes, (void *)&local, zeroed, initialised, kept != 0, operation ? operation(1) : 0);
}
int main(void) {
  char letters[64] = {0};
  read(0, letters, sizeof letters - 1);
  for (char *letter = letters; *letter; letter++) {
    if (*letter == 'h') hash();
    if (*letter == 'v') { zeroed = 9; initialised++; operation = operation == twice ? thrice : twice; memset(large, 7, sizeof large); }
    if (*letter == 'm') { kept = malloc(1000); memset(kept, 5, 1000); }
    if (*letter == 'g') { kept = malloc(8 << 20); memset(kept, 6, 8 << 20); }
    if (*letter == 'e') fprintf(stderr, "noise\\n");
    if (*letter == 'o') printf("unflushed");
    if (*letter == 's') { descend(100, 0); }
    if (*letter == 'j') memset(&__heap_base, 0xaa, __builtin_wasm_memory_size(0) * 65536ul - (unsigned long)&__heap_base);
    if (*letter == 't' || *letter == 'x' || *letter == 'w') { setvbuf(stdout, 0, _IOFBF, 512); descend(50, *letter); }
  }
  return 0;
}`;

const builds: [string, string[]][] = [
  ['as C is deployed', ['-O2', '-Wl,--stack-first', '-Wl,-z,stack-size=262144', '-Wl,--initial-heap=131072']],
  ['unoptimised', ['-O0']],
  ['with two megabytes', ['-O2', '-Wl,--initial-memory=2097152']],
  ['too large to reset', ['-O2', '-Wl,--initial-memory=16777216']],
];

describe.each(builds)('dirty, put back, run equals fresh, run: %s', (what, flags) => {
  const dirt = ['v', 'm', 'g', 's', 'j', 'veo', 't', 'x', 'w', 'vmst', 'vojx', 'gt', 'gx', 'vvvv', 'gjh'];

  test(
    'after every kind of dirt',
    async () => {
      const module = await modules.compile(selfWitness, flags);
      const engine = testEngine();
      const used = await engine.load(testVersion(), module);
      const instances = new Set<unknown>();
      for (const payload of dirt) {
        const fresh = await engine.load(testVersion(), module);
        const expectedDirt = observed(run(fresh, { payload, invocationId: 'same' }));
        await fresh.close();
        const expected = observed(run(fresh, { payload: 'h', invocationId: 'same' }));
        await fresh.close();
        expect(observed(run(used, { payload, invocationId: 'same' }))).toEqual(expectedDirt);
        const clean = run(used, { payload: 'h', invocationId: 'same' });
        expect([payload, observed(clean)]).toEqual([payload, expected]);
        instances.add(clean.attributes?.['relais.wasm.instance']);
      }
      // Otherwise the test would compare new instances with new instances.
      expect(instances.has('reset')).toBe(what !== 'too large to reset');
      engine.close();
    },
    slowTestMs,
  );
});

const unreachable = 0x00;
const ifThen = [0x04, 0x40];
const end = 0x0b;

/** Each traps when it meets what an earlier run of it left behind. */
const tripwires: [string, Buffer, 'reset' | 'new'][] = [
  [
    'an i32 global',
    assemble({
      globals: [[0x7f, 1, 0x41, 5]],
      start: [0x23, 0, 0x41, 5, 0x47, ...ifThen, unreachable, end, 0x41, 6, 0x24, 0],
    }),
    'reset',
  ],
  [
    'an i64 global behind a constant one',
    assemble({
      globals: [
        [0x7f, 0, 0x41, 1],
        [0x7e, 1, 0x42, 5],
      ],
      start: [0x23, 1, 0x42, 5, 0x52, ...ifThen, unreachable, end, 0x42, 6, 0x24, 1],
    }),
    'reset',
  ],
  [
    'an f64 global',
    assemble({
      globals: [[0x7c, 1, 0x44, 0, 0, 0, 0, 0, 0, 0, 0]],
      start: [0x23, 0, 0x44, 0, 0, 0, 0, 0, 0, 0, 0, 0x62, ...ifThen, unreachable, end]
        .concat([0x44, 0, 0, 0, 0, 0, 0, 0xf0, 0x3f])
        .concat([0x24, 0]),
    }),
    'reset',
  ],
  [
    'a reference in a global',
    assemble({
      table: 1,
      globals: [[0x70, 1, 0xd0, 0x70]],
      start: [0x23, 0, 0xd1, 0x45, ...ifThen, unreachable, end, 0xd2, 0, 0x24, 0],
    }),
    'new',
  ],
  [
    'a table entry',
    assemble({
      table: 1,
      start: [0x41, 0, 0x25, 0, 0xd1, 0x45, ...ifThen, unreachable, end, 0x41, 0, 0xd2, 0, 0x26, 0],
    }),
    'new',
  ],
  [
    'a grown table',
    assemble({
      table: 1,
      start: [0xfc, 16, 0, 0x41, 1, 0x47, ...ifThen, unreachable, end, 0xd0, 0x70, 0x41, 1, 0xfc, 15, 0, 0x1a],
    }),
    'new',
  ],
  [
    'a dropped segment',
    assemble({ data: [1, 2, 3, 4], start: [0x41, 0, 0x41, 0, 0x41, 4, 0xfc, 8, 0, 0, 0xfc, 9, 0] }),
    'new',
  ],
  [
    'memory',
    assemble({ start: [0x41, 8, 0x28, 2, 0, ...ifThen, unreachable, end, 0x41, 8, 0x41, 1, 0x36, 2, 0] }),
    'reset',
  ],
  [
    'memory that grew',
    assemble({ start: [0x3f, 0, 0x41, 1, 0x47, ...ifThen, unreachable, end, 0x41, 1, 0x40, 0, 0x1a] }),
    'new',
  ],
  ['a start function', assemble({ startSection: true, start: [0x01] }), 'new'],
];

test.each(tripwires)('%s does not survive a call', async (_what, module, instance) => {
  const engine = testEngine();
  const fn = await engine.load(testVersion(), module);
  const outcomes = [run(fn), run(fn), run(fn)];
  expect(outcomes.map(observed)).toEqual(outcomes.map(() => ({ output: '', logs: '', logsTruncated: false })));
  expect(outcomes[2]?.attributes).toEqual({ 'relais.wasm.instance': instance });
  engine.close();
});

test(
  'a counter does not survive in 10,000 interleaved calls of two functions',
  async () => {
    const module = await modules.compile('#include <stdio.h>\nint n; int main(void) { printf("%d", ++n); return 0; }');
    const engine = testEngine();
    const functions: LoadedFunction[] = [
      await engine.load(testVersion(), module),
      await engine.load(testVersion(), module),
    ];
    const seen = new Set<string>();
    for (let call = 0; call < 5000; call += 1) {
      for (const fn of functions) seen.add(JSON.stringify(observed(run(fn))));
    }
    expect([...seen]).toEqual([JSON.stringify({ output: '1', logs: '', logsTruncated: false })]);
    engine.close();
  },
  slowTestMs,
);
