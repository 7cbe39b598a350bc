import { FunctionConfig } from '@relais/contracts';
import { systemClock } from '@relais/kit';
import { testSandbox } from '../../processes/testing/launcher.js';
import { WasmEngine } from '../../wasm/engine.js';
import { ClangCompiler } from '../c/clang-compiler.js';
import { exampleSource } from '../compiled/testing/toolshed.js';
import { slowTestMs } from '../conformance/subject.js';
import { deployForTest, outputOf, rejectionOf } from '../conformance/support.js';
import { runtimeConformance } from '../conformance.js';
import { defaultRuntimeLimits, type RuntimeLimits } from '../limits.js';
import { cppFixtures } from './cpp-fixtures.js';
import { createCppRuntime } from './cpp-runtime.js';

function makeRuntime(limits: RuntimeLimits) {
  return createCppRuntime({
    engine: new WasmEngine({ limits, clock: systemClock }),
    compiler: new ClangCompiler(systemClock, limits.idleInstanceMs, testSandbox),
    limits,
  });
}

runtimeConformance('cpp', makeRuntime, cppFixtures);

describe('what C++ can do and what not', () => {
  const runtime = makeRuntime(defaultRuntimeLimits);
  afterAll(() => runtime.close());

  test(
    'the standard library of C++20 works',
    async () => {
      const source = `#include <algorithm>
#include <concepts>
#include <cstdio>
#include <optional>
#include <ranges>
#include <string>
#include <unordered_map>
#include <vector>
template <std::integral T> T half(T n) { return n / 2; }
int main() {
  std::unordered_map<std::string, int> counts;
  for (char word[16]; std::scanf("%15s", word) == 1;) ++counts[word];
  std::vector<std::pair<std::string, int>> sorted(counts.begin(), counts.end());
  std::ranges::sort(sorted, {}, [](auto &entry) { return std::pair(-entry.second, entry.first); });
  for (auto &[word, count] : sorted | std::views::take(2)) std::printf("%4s:%d", word.c_str(), count);
  std::printf("%d%d", half(9), std::optional<int>().value_or(7));
}`;
      const fn = await deployForTest(runtime, 'words.cpp', source);
      expect(outputOf(await fn.call({ payload: 'b a b c c b' })).toString()).toBe('   b:3   c:247');
      await fn.loaded.close();
    },
    slowTestMs,
  );

  test(
    'streams work, as in the example',
    async () => {
      const fn = await deployForTest(runtime, 'columns.cpp', exampleSource('columns.cpp'));
      const payload = 'name,price,count\nnut,0.5,4\nbolt,1.5,x\n';
      expect(outputOf(await fn.call({ payload })).toString()).toBe('{"price":1,"count":4}\n');
      await fn.loaded.close();
    },
    slowTestMs,
  );

  test(
    'throwing is a compile error that says why',
    async () => {
      const source = Buffer.from('int main() {\n  throw 1;\n}');
      const work = { source, filename: 'throws.cpp', config: FunctionConfig.fromPartial({}) };
      const error = await rejectionOf(runtime.build(work, slowTestMs));
      expect(error.fields.diagnostics).toEqual([
        {
          file: 'throws.cpp',
          line: 2,
          column: 3,
          severity: 'error',
          message: "cannot use 'throw' with exceptions disabled",
        },
      ]);
    },
    slowTestMs,
  );
});
