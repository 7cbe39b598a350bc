import { systemClock } from '@relais/kit';
import { createCRuntime } from '../../runtimes/c/c-runtime.js';
import { ClangCompiler } from '../../runtimes/c/clang-compiler.js';
import { testRoot, toolOptions, whereBuilt } from '../../runtimes/compiled/testing/toolshed.js';
import { slowTestMs } from '../../runtimes/conformance/subject.js';
import { deployForTest, outputOf } from '../../runtimes/conformance/support.js';
import { createGoRuntime } from '../../runtimes/go/go-runtime.js';
import type { Runtime } from '../../runtimes/runtime.js';
import { createRustRuntime } from '../../runtimes/rust/rust-runtime.js';
import { parseModule } from '../module/parse.js';
import { wasiFunctionNames } from '../wasi/host.js';
import { wasiCases } from './wasi-cases.js';
import { wasiProgramWriters } from './wasi-programs.js';

const root = testRoot();
afterAll(root.remove);

const runtimes: Readonly<Record<string, () => Runtime>> = {
  c: () => createCRuntime({ ...toolOptions(root.directory), compiler: new ClangCompiler(systemClock, 2 * slowTestMs) }),
  rust: () => createRustRuntime(toolOptions(root.directory)),
  go: () => createGoRuntime(toolOptions(root.directory)),
};

test('the cases leave no import out', () => {
  expect(new Set([...wasiCases.map(({ name }) => name), 'proc_exit'])).toEqual(wasiFunctionNames);
});

for (const { lang, filename, write } of wasiProgramWriters) {
  const make = runtimes[lang] as () => Runtime;
  await whereBuilt(make(), () => {
    test(
      `a module of ${lang} calls every import of preview 1 and gets the errno of a world without files`,
      async () => {
        const runtime = make();
        const fn = await deployForTest(runtime, filename, write(wasiCases));
        const imported = parseModule(fn.built.artifact).imports.map(({ name }) => name);
        expect(new Set(imported)).toEqual(wasiFunctionNames);
        const lines = outputOf(await fn.call())
          .toString()
          .trim()
          .split('\n');
        const answers = wasiCases.map(({ name, args }, index) => [name, args, Number(lines[index])]);
        expect(answers).toEqual(wasiCases.map(({ name, args, errno }) => [name, args, errno]));
        await fn.loaded.close();
        await runtime.close();
      },
      2 * slowTestMs,
    );
  });
}
