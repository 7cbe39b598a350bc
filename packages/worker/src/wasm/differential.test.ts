import { systemClock } from '@relais/kit';
import { ClangCompiler } from '../runtimes/c/clang-compiler.js';
import { exampleSource, testRoot, toolOptions, whereBuilt } from '../runtimes/compiled/testing/toolshed.js';
import { slowTestMs } from '../runtimes/conformance/subject.js';
import { createCppRuntime } from '../runtimes/cpp/cpp-runtime.js';
import { createGoRuntime } from '../runtimes/go/go-runtime.js';
import type { Runtime } from '../runtimes/runtime.js';
import { createRustRuntime } from '../runtimes/rust/rust-runtime.js';
import { LiveMemories } from './live-memories.js';
import { compileProgram, type Program } from './program.js';
import { Slot } from './slot.js';
import { randomModule } from './testing/random-module.js';
import { WasiHost } from './wasi/host.js';
import { type WasmGlobal, type WasmInstance, webAssembly } from './webassembly.js';

// Looks at the instance itself: whatever a call did to it, before the next one its memory and variables are byte for byte
// those of an instance that never ran.

const root = testRoot();
const plainInstance = webAssembly.Instance;
let lastInstance: WasmInstance | undefined;

beforeAll(() => {
  (webAssembly as { Instance: typeof plainInstance }).Instance = class extends plainInstance {
    constructor(...args: ConstructorParameters<typeof plainInstance>) {
      super(...args);
      lastInstance = this;
    }
  };
});
afterAll(() => {
  (webAssembly as { Instance: typeof plainInstance }).Instance = plainInstance;
  root.remove();
});

/** A slot whose inside can be looked at. */
class Bench {
  readonly #program: Program;
  readonly #host: WasiHost;
  readonly #slot: Slot;
  #instance: WasmInstance | undefined;

  constructor(program: Program) {
    this.#program = program;
    const bounds = { outputBytesMax: 1e6, logBytesMax: 1e5 };
    this.#host = new WasiHost({ clock: systemClock, wait: () => {}, functionName: 'probe', ...bounds });
    this.#slot = new Slot(program, this.#host, new LiveMemories(10, 1e9));
  }

  /** Runs a call to whatever end it has; what it wrote. */
  call(payload: string): string {
    this.prepare();
    this.#begin(payload);
    try {
      this.#slot.run();
    } catch {
      // A trap or an exit is as good as any other dirt.
    }
    this.#slot.settle(true);
    return this.#host.call.output.take().toString();
  }

  /** Makes ready for the next call; whether by putting the instance back. */
  prepare(): boolean {
    // Makes nothing of what cannot be put back, as after a call.
    this.#slot.settle(true);
    const wasReady = this.#slot.isReady;
    this.#begin('');
    this.#slot.prepare();
    if (!wasReady) this.#instance = lastInstance;
    return wasReady;
  }

  /** What a call would find. */
  state(): { memory: Buffer; variables: unknown[] } {
    const exports = this.#instance?.exports ?? {};
    const variables = this.#program.globalNames.map((name) => (exports[name] as WasmGlobal).value);
    return { memory: Buffer.from(this.#host.memory.bytes), variables };
  }

  close(): void {
    this.#slot.drop();
  }

  #begin(payload: string): void {
    const input = { payload: Buffer.from(payload), deadlineMs: Number.POSITIVE_INFINITY, environment: () => ['A=b'] };
    this.#host.call.begin(input, systemClock.nowMs());
  }
}

function expectSameState(used: Bench, untouched: Bench): void {
  const [after, before] = [used.state(), untouched.state()];
  expect(after.memory.length).toBe(before.memory.length);
  expect(after.memory.equals(before.memory)).toBe(true);
  expect(after.variables).toEqual(before.variables);
}

test(
  'three hundred random modules: dirty, put back, equals untouched',
  async () => {
    const ways = { reset: 0, new: 0 };
    for (let seed = 0; seed < 300; seed += 1) {
      const program = await compileProgram(randomModule(seed), 16);
      const [used, untouched] = [new Bench(program), new Bench(program)];
      untouched.prepare();
      for (let call = 0; call < 3; call += 1) {
        used.call('payload');
        ways[used.prepare() ? 'reset' : 'new'] += 1;
        expectSameState(used, untouched);
      }
      used.close();
      untouched.close();
    }
    // Both ways were tried, or the test has shown nothing.
    expect(ways.reset).toBeGreaterThan(200);
    expect(ways.new).toBeGreaterThan(200);
  },
  slowTestMs,
);

interface RealModule {
  readonly make: () => Runtime;
  readonly example: string;
  readonly payloads: readonly string[];
}

const lines = 'grüße, 世界 words and words\n'.repeat(400);
const cpp = () =>
  createCppRuntime({ ...toolOptions(root.directory), compiler: new ClangCompiler(systemClock, 60_000) });
const rust = () => createRustRuntime(toolOptions(root.directory));
const go = () => createGoRuntime(toolOptions(root.directory));
const reals: readonly RealModule[] = [
  { make: cpp, example: 'columns.cpp', payloads: ['a,b\n1,2\n', lines, ''] },
  { make: rust, example: 'hello.rs', payloads: ['', lines] },
  { make: rust, example: 'words.rs', payloads: ['one two two', lines, ''] },
  { make: go, example: 'hello.go', payloads: ['', lines] },
  { make: go, example: 'letter.go', payloads: ['{"name":"Ada"}', '{}', 'no json'] },
];

for (const { example, make, payloads } of reals) {
  await whereBuilt(make(), () => {
    test(
      `${example}: dirty, put back, equals untouched`,
      async () => {
        const runtime = make();
        const { artifact } = await runtime.build(
          { source: exampleSource(example), filename: example, config: undefined },
          slowTestMs,
        );
        await runtime.close();
        const program = await compileProgram(artifact, 128);
        const [used, untouched] = [new Bench(program), new Bench(program)];
        untouched.prepare();
        let resets = 0;
        for (const payload of [...payloads, ...payloads]) {
          const fresh = new Bench(program);
          const expected = fresh.call(payload);
          fresh.close();
          expect(used.call(payload)).toBe(expected);
          if (used.prepare()) resets += 1;
          expectSameState(used, untouched);
        }
        expect(resets).toBeGreaterThan(0);
        used.close();
        untouched.close();
      },
      2 * slowTestMs,
    );
  });
}
