import { Form } from '@relais/contracts';
import type { RuntimeFixtures } from '../conformance.js';

const head = '#include <stdio.h>\n#include <stdlib.h>\n#include <string.h>\n#include <unistd.h>\n';

/** The conformance sources in C; the WASM runtime compiles the same ones to modules. */
export const cFixtures: RuntimeFixtures = {
  filename: 'main.c',
  form: Form.FORM_PROGRAM,
  wasm: true,
  echoesBytes: true,
  stateSurvives: false,
  sources: {
    hello: `${head}int main(void) { puts("hello"); return 0; }`,
    echo: `${head}static char buffer[65536];
int main(void) {
  size_t n;
  while ((n = fread(buffer, 1, sizeof buffer, stdin)) > 0) fwrite(buffer, 1, n, stdout);
  return 0;
}`,
    exit: `${head}int main(void) { fputs("about to fail\\n", stderr); exit(3); }`,
    crash: `${head}__attribute__((noinline)) void explode(void) { __builtin_trap(); }
int main(void) { explode(); return 0; }`,
    logs: `${head}int main(void) { fputs("first line\\n", stderr); fputs("second line\\n", stderr); fputs("done", stdout); return 0; }`,
    logFlood: `${head}int main(void) {
  for (int i = 0; i < 4096; i++) fputs("a line of some length\\n", stderr);
  fputs("done", stdout);
  return 0;
}`,
    environment: `${head}int main(void) { printf("%s|%s", getenv("RELAIS_INVOCATION_ID"), getenv("GREETING")); return 0; }`,
    flood: `${head}int main(void) { for (;;) puts("and on and on and on"); }`,
    unicode: `${head}int main(void) { fputs("héllo, 世界 🎉", stdout); return 0; }`,
    endlessLines: `${head}int main(void) { for (unsigned n = 0;; n++) { printf("line %u\\n", n); fflush(stdout); } }`,
    brokenStream: `${head}int main(void) { puts("so far"); fflush(stdout); __builtin_trap(); }`,
    counter: `${head}static int count;\nint main(void) { printf("%d", ++count); return 0; }`,
    invalid: `${head}int main(void) {\n  return missing;\n}`,
    cgi: `${head}int main(void) {
  printf("Status: 201\\r\\nX-Method: %s\\r\\n\\r\\n%s?%s", getenv("REQUEST_METHOD"), getenv("PATH_INFO"), getenv("QUERY_STRING"));
  return 0;
}`,
  },
  invalidLine: 6,
};
