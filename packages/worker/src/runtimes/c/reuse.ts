import type { ClangLanguage, ClangProgram } from './clang-sources.js';

/** Makes clang link a module that is initialised once and then serves call after call. */
export const reuseFlags: readonly string[] = ['-mexec-model=reactor'];

/**
 * The program with one source more, whose `relais_run` calls main for each call of an instance that is used again: with
 * that call's environment, a standard input that is not at its end, and an output that is not left in a buffer.
 */
export function reusable({ defaultFilename }: ClangLanguage, { files, sources }: ClangProgram): ClangProgram {
  const name = `relais_reuse_${defaultFilename}`;
  const usesStreams = [...files.values()].some((content) => streams.test(Buffer.from(content).toString('latin1')));
  const text = usesStreams ? withStreams : plain;
  return { files: new Map([...files, [name, Buffer.from(text)]]), sources: [...sources, name] };
}

// Blanks of one line alone: over lines it would take the square of their number.
const streams = /^[ \t]*#[ \t]*include[ \t]*<(iostream|bits\/stdc\+\+\.h)>/m;

const head = `#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#ifdef __cplusplus
extern "C" {
#endif
__attribute__((import_module("wasi_snapshot_preview1"), import_name("environ_sizes_get"))) int relais_sizes(unsigned *, unsigned *);
__attribute__((import_module("wasi_snapshot_preview1"), import_name("environ_get"))) int relais_environ(char **, char *);
int clearenv(void);
int setenv(const char *, const char *, int);
int __main_void(void);
static void relais_renew_environment(void) {
  unsigned count = 0, bytes = 0;
  if (relais_sizes(&count, &bytes) != 0) return;
  char **list = (char **)malloc((count + 1) * sizeof(char *)), *text = (char *)malloc(bytes + 1);
  if (list && text && relais_environ(list, text) == 0) {
    clearenv();
    for (unsigned at = 0; at < count; at++) {
      char *equals = strchr(list[at], '=');
      if (!equals) continue;
      *equals = 0;
      setenv(list[at], equals + 1, 1);
    }
  }
  free(list);
  free(text);
}
`;

const run = (renewStreams: string) => `__attribute__((export_name("relais_run"))) int relais_run(void) {
  relais_renew_environment();
  clearerr(stdin);
${renewStreams}  int code = __main_void();
  fflush(NULL);
  return code;
}
#ifdef __cplusplus
}
#endif
`;

const plain = head + run('');
const withStreams = `#include <iostream>
${head}${run('  std::cin.clear();\n  std::cout.clear();\n').replace('  fflush(NULL);', '  std::cout.flush();\n  fflush(NULL);')}`;
