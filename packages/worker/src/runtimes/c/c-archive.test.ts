import { systemClock } from '@relais/kit';
import { testSandbox } from '../../processes/testing/launcher.js';
import { tarGzOf } from '../../sources/testing/tar-archive.js';
import { WasmEngine } from '../../wasm/engine.js';
import { slowTestMs } from '../conformance/subject.js';
import { deployForTest, outputOf, rejectionOf } from '../conformance/support.js';
import { createCppRuntime } from '../cpp/cpp-runtime.js';
import { defaultRuntimeLimits as limits } from '../limits.js';
import { createCRuntime } from './c-runtime.js';
import { ClangCompiler } from './clang-compiler.js';

const compiler = new ClangCompiler(systemClock, 60_000, testSandbox);
const options = { engine: new WasmEngine({ limits, clock: systemClock }), compiler, limits };
const [c, cpp] = [createCRuntime(options), createCppRuntime(options)];
afterAll(() => c.close());

const shout = {
  'include/shout.h': '#define MARK "!"\nconst char *shout(void);\n',
  'src/shout.c': '#include "include/shout.h"\nconst char *shout(void) { return "HEY" MARK __FILE__; }\n',
  '-o.c': 'int seven(void) { return 7; }\n',
};
const main = (name: string) =>
  `#include <stdio.h>\n#include <shout.h>\nint seven(void);\nint main(void) { printf("${name} %s %d", shout(), seven()); return 0; }\n`;

test(
  'every source of an archive is compiled, headers are found, names are those of the archive',
  async () => {
    const source = tarGzOf({ ...shout, 'main.c': main('main') });
    const fn = await deployForTest(c, 'project.tar.gz', source, { cflags: ['-Iinclude'] });
    expect(outputOf(await fn.call()).toString()).toBe('main HEY!src/shout.c 7');
    await fn.loaded.close();
  },
  slowTestMs,
);

test(
  'of several programs in an archive the entry is the one that counts',
  async () => {
    const source = tarGzOf({ ...shout, 'main.c': main('main'), 'tools/other.c': main('other') });
    const config = { cflags: ['-Iinclude'], entry: 'tools/other.c' };
    const fn = await deployForTest(c, 'project.tar.gz', source, config);
    expect(outputOf(await fn.call()).toString()).toBe('other HEY!src/shout.c 7');
    await fn.loaded.close();
  },
  slowTestMs,
);

test(
  'an error in any file is told with its path',
  async () => {
    const source = tarGzOf({
      'main.c': 'int main(void) { return 0; }\n',
      'lib/bad.c': '\nint f(void) { return x; }\n',
    });
    const error = await rejectionOf(deployForTest(c, 'project.tar.gz', source));
    expect(error.fields.diagnostics).toMatchObject([{ file: 'lib/bad.c', line: 2, column: 22, severity: 'error' }]);
  },
  slowTestMs,
);

test(
  'C++ archives, too',
  async () => {
    const source = tarGzOf({
      'app/main.cpp': '#include "../lib/half.hpp"\n#include <cstdio>\nint main() { std::printf("%d", half(10)); }\n',
      'lib/half.hpp': '#pragma once\nint half(int n);\n',
      'lib/half.cc': '#include "half.hpp"\nint half(int n) { return n / 2; }\n',
    });
    const fn = await deployForTest(cpp, 'project.tar.gz', source);
    expect(outputOf(await fn.call()).toString()).toBe('5');
    await fn.loaded.close();
  },
  slowTestMs,
);
