import type { Runtime } from '../runtime.js';
import { type ClangRuntimeOptions, createClangRuntime } from './clang-runtime.js';

export function createCRuntime(options: ClangRuntimeOptions): Runtime {
  return createClangRuntime(
    {
      lang: 'c',
      defaultFilename: 'main.c',
      filenames: /\.c$/,
      defaultFlags: ['-O2'],
      fixedFlags: [],
    },
    options,
  );
}
