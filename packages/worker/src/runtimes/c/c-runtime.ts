import type { Runtime } from '../runtime.js';
import { type ClangRuntimeOptions, createClangRuntime } from './clang-runtime.js';

export function createCRuntime(options: ClangRuntimeOptions): Runtime {
  return createClangRuntime(
    {
      lang: 'c',
      defaultFilename: 'main.c',
      filenames: /^\w[\w.-]{0,100}\.c$/,
      defaultFlags: ['-O2'],
      fixedFlags: [],
    },
    options,
  );
}
