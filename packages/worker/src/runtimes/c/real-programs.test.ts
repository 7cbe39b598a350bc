import { gunzipSync, gzipSync } from 'node:zlib';
import { systemClock } from '@relais/kit';
import { tarGzOf } from '../../sources/testing/tar-archive.js';
import { testEngine } from '../../wasm/testing/load.js';
import { exampleSource } from '../compiled/testing/toolshed.js';
import { deployForTest, outputOf, type TestFunction } from '../conformance/support.js';
import { defaultRuntimeLimits as limits } from '../limits.js';
import { createCRuntime } from './c-runtime.js';
import { ClangCompiler } from './clang-compiler.js';
import { fetchSources, type PackedSources } from './testing/npm-sources.js';

// C of several thousand lines that nobody wrote for us, fetched when the test runs: a compressor, a parser, an interpreter.

const slowTestMs = 240_000;
const runtime = createCRuntime({
  engine: testEngine(),
  compiler: new ClangCompiler(systemClock, slowTestMs),
  limits,
});
afterAll(() => runtime.close());

interface RealProgram {
  readonly what: string;
  readonly sources: PackedSources;
  /** Files of the package that are no part of the program. */
  readonly without: readonly string[];
  readonly main: string;
  readonly cflags: readonly string[];
  check(fn: TestFunction): Promise<void>;
}

const slurp = `
static unsigned char *slurp(size_t *size) {
  size_t room = 65536; unsigned char *all = malloc(room); size_t got;
  *size = 0;
  while ((got = fread(all + *size, 1, room - *size, stdin)) > 0) { *size += got; if (*size == room) all = realloc(all, room *= 2); }
  return all;
}`;

const zopfli: RealProgram = {
  what: 'Zopfli, a compressor',
  sources: {
    name: 'node-zopfli-es@2.0.6',
    sha256: '8a9baf553c3cde155ebbcd74a069833263a4a11f9e8d1d0b2724e7e011def098',
    folder: 'zopfli/src/zopfli',
  },
  without: ['zopfli_bin.c'],
  cflags: ['-O1'],
  main: `
#include <stdio.h>
#include <stdlib.h>
#include "zopfli.h"
${slurp}
int main(void) {
  size_t size, packed = 0; unsigned char *in = slurp(&size), *out = 0;
  ZopfliOptions options; ZopfliInitOptions(&options); options.numiterations = 3;
  ZopfliCompress(&options, ZOPFLI_FORMAT_GZIP, in, size, &out, &packed);
  return fwrite(out, 1, packed, stdout) == packed ? 0 : 1;
}`,
  async check(fn) {
    const text = exampleSource('index.html').toString().repeat(20);
    for (const payload of [text, '', text.toUpperCase(), text]) {
      const packed = outputOf(await fn.call({ payload }));
      expect(gunzipSync(packed).toString()).toBe(payload);
      expect(packed.length).toBeLessThanOrEqual(gzipSync(payload, { level: 9 }).length);
    }
  },
};

const expat: RealProgram = {
  what: 'Expat, an XML parser',
  sources: {
    name: 'node-expat@2.4.1',
    sha256: '6daade62158d4d7db7091bd209cd68973c160adacf6bc16f8510c07f225da53d',
    folder: 'deps/libexpat/lib',
  },
  without: [],
  cflags: ['-O1', '-DXML_POOR_ENTROPY', '-DXML_NS', '-DXML_DTD', '-DXML_CONTEXT_BYTES=1024', '-DHAVE_MEMMOVE'],
  main: `
#include <stdio.h>
#include <stdlib.h>
#include "expat.h"
${slurp}
int getpid(void) { return 1; }
static int depth;
static void XMLCALL begin(void *data, const char *name, const char **attributes) {
  printf("%*s%s", 2 * depth++, "", name);
  for (; *attributes; attributes += 2) printf(" %s=%s", attributes[0], attributes[1]);
  putchar('\\n');
}
static void XMLCALL finish(void *data, const char *name) { depth--; }
int main(void) {
  size_t size; unsigned char *in = slurp(&size);
  XML_Parser parser = XML_ParserCreate(NULL);
  XML_SetElementHandler(parser, begin, finish);
  if (XML_Parse(parser, (char *)in, size, 1)) return 0;
  printf("line %lu: %s\\n", XML_GetCurrentLineNumber(parser), XML_ErrorString(XML_GetErrorCode(parser)));
  return 0;
}`,
  async check(fn) {
    const good = '<?xml version="1.0"?>\n<!DOCTYPE a [<!ENTITY e "&#x4e16;">]>\n<a x="1"><b y="&e;"/><c><d/></c></a>';
    for (let round = 0; round < 3; round += 1) {
      expect(outputOf(await fn.call({ payload: good })).toString()).toBe('a x=1\n  b y=世\n  c\n    d\n');
      expect(outputOf(await fn.call({ payload: '<a>\n<b></a>' })).toString()).toBe('a\n  b\nline 2: mismatched tag\n');
    }
  },
};

const lua: RealProgram = {
  what: 'Lua, an interpreter',
  sources: {
    name: 'lua.vm.js@0.0.1',
    sha256: 'df7b05c7752b0028dcf28f461dc6561e490d0888bca12099a5b1030b4c0462db',
    folder: 'lua/src',
  },
  // Programs of their own, and libraries of files and processes, which this world has none of.
  without: ['lua.c', 'luac.c', 'linit.c', 'liolib.c', 'loslib.c', 'loadlib.c'],
  cflags: ['-O1'],
  main: `
#include <stdio.h>
#include <stdlib.h>
#include "lua.h"
#include "lauxlib.h"
#include "lualib.h"
${slurp}
int main(void) {
  size_t size; char *program = (char *)slurp(&size);
  lua_State *L = luaL_newstate();
  luaL_requiref(L, "_G", luaopen_base, 1);
  luaL_requiref(L, "table", luaopen_table, 1);
  luaL_requiref(L, "string", luaopen_string, 1);
  luaL_requiref(L, "math", luaopen_math, 1);
  if (luaL_loadbuffer(L, program, size, "program")) { puts(lua_tostring(L, -1)); return 0; }
  lua_call(L, 0, 0);
  return 0;
}`,
  async check(fn) {
    const program = `
      calls = (calls or 0) + 1
      local function fib(n) return n < 2 and n or fib(n - 1) + fib(n - 2) end
      local words = {}
      for word in ("the quick brown fox"):gmatch("%a+") do words[#words + 1] = word:upper() end
      table.sort(words, function(a, b) return a > b end)
      local caught, why = pcall(function() error({ code = 7 }) end)
      print(fib(20), table.concat(words, ","), ("%5.2f"):format(math.pi), calls, caught, why.code)`;
    for (let round = 0; round < 3; round += 1) {
      expect(outputOf(await fn.call({ payload: program })).toString()).toBe(
        '6765\tTHE,QUICK,FOX,BROWN\t 3.14\t1\tfalse\t7\n',
      );
    }
  },
};

for (const program of [zopfli, expat, lua]) {
  const { check, cflags, main, sources, what, without } = program;
  const files = fetchSources(sources);
  const where = files ? test : test.skip;
  where(
    `${what} (npm pack ${sources.name})`,
    async () => {
      const kept = Object.fromEntries(Object.entries(files ?? {}).filter(([name]) => !without.includes(name)));
      const archive = tarGzOf({ ...kept, 'main.c': main });
      const fn = await deployForTest(runtime, 'program.tar.gz', archive, { cflags: [...cflags] });
      await check(fn);
      await fn.loaded.close();
    },
    slowTestMs,
  );
}
