import { type ClangRuntimeOptions, createClangRuntime } from '../c/clang-runtime.js';
import type { Runtime } from '../runtime.js';

/**
 * C++20 with the standard library, but without exceptions: the library that comes with the compiler has none, so `throw`
 * and `try` do not compile, and what would throw inside the library ends the function.
 */
export function createCppRuntime(options: ClangRuntimeOptions): Runtime {
  return createClangRuntime(
    {
      lang: 'cpp',
      defaultFilename: 'main.cpp',
      filenames: /\.(cpp|cc|cxx)$/,
      defaultFlags: ['-O2', '-std=c++20'],
      fixedFlags: ['-fno-exceptions', '-lc++', '-lc++abi'],
    },
    options,
  );
}
