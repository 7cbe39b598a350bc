import { readFileSync } from 'node:fs';
import { FunctionConfig } from '@relais/contracts';
import { type RelaisError, systemClock } from '@relais/kit';
import { testGroups, testSandbox } from '../../processes/testing/launcher.js';
import { createCRuntime } from '../c/c-runtime.js';
import { ClangCompiler } from '../c/clang-compiler.js';
import { slowTestMs } from '../conformance/subject.js';
import { rejectionOf } from '../conformance/support.js';
import { createGoRuntime } from '../go/go-runtime.js';
import type { Runtime } from '../runtime.js';
import { createRustRuntime } from '../rust/rust-runtime.js';
import { testRoot, toolOptions, whereBuilt } from './testing/toolshed.js';

const root = testRoot();
afterAll(root.remove);

const options = toolOptions(root.directory);
const languages: Readonly<Record<string, { readonly file: string; readonly make: () => Runtime }>> = {
  c: {
    file: 'f.c',
    make: () =>
      createCRuntime({ ...options, compiler: new ClangCompiler(systemClock, 60_000, testSandbox, testGroups) }),
  },
  rust: { file: 'f.rs', make: () => createRustRuntime(options) },
  go: { file: 'f.go', make: () => createGoRuntime(options) },
};

/** What the preprocessor says is there without including it. */
const asks = ['/etc/passwd', '/dev/zero', '/proc/self/environ'].map(
  (path) => `#if __has_include("${path}")\n#error it is there\n#endif`,
);

/** Sources that want a file of this machine. */
const readers: Readonly<Record<string, readonly string[]>> = {
  c: [
    '#include "/dev/zero"\nint main(void) { return 0; }',
    '#include </etc/passwd>\nint main(void) { return 0; }',
    '#include "/proc/self/environ"\nint main(void) { return 0; }',
    '#include "../../../../../../etc/passwd"\nint main(void) { return 0; }',
    'const char x[] = {\n#embed "/etc/passwd"\n};\nint main(void) { return x[0]; }',
    '__asm__(".section .data.x,\\"\\",@\\n.incbin \\"/etc/passwd\\"");\nint main(void) { return 0; }',
  ],
  rust: [
    'static X: &[u8] = include_bytes!("/etc/passwd");\nfn main() { print!("{}", X.len()); }',
    'fn main() { print!("{}", include_str!("/proc/self/environ")); }',
    'fn main() { print!("{}", include_str!("../../../../../../etc/passwd")); }',
    'fn main() { print!("{}", env!("RELAIS_CLUSTER_TOKEN")); }',
    'std::arch::global_asm!(".incbin \\"/etc/passwd\\"");\nfn main() {}',
  ],
  go: [
    embedding('/etc/passwd'),
    embedding('../../../../../../etc/passwd'),
    embedding('../go.mod'),
    'package main\n\n// #include "/etc/passwd"\nimport "C"\n\nfunc main() {}\n',
    'package main\n\nimport "../../../../../../etc"\n\nfunc main() { etc.X() }\n',
  ],
};

function embedding(path: string): string {
  return `package main\n\nimport _ "embed"\n\n//go:embed ${path}\nvar text string\n\nfunc main() { print(text) }\n`;
}

const many = 500;
/** Sources of which there is very much to say. */
const talkers: Readonly<Record<string, string>> = {
  c: `#pragma clang diagnostic error "-Wall"\n${Array.from({ length: many }, (_, n) => `int f${n}(void) { return unknown_name_${n}; }`).join('\n')}\nint main(void) { return 0; }`,
  rust: `fn main() {\n${Array.from({ length: many }, (_, n) => `let _: u8 = "${'x'.repeat(50)}${n}";`).join('\n')}\n}`,
  go: `package main\n\nfunc main() {\n${Array.from({ length: many }, (_, n) => `\tunknownName${n}()`).join('\n')}\n}\n`,
};

const machine = readFileSync('/etc/passwd', 'utf8').split('\n')[0] ?? '';
const saidCharsMax = 512 * 1024;

for (const [lang, { file, make }] of Object.entries(languages)) {
  await whereBuilt(make(), () => {
    describe(`the compiler of ${lang}`, () => {
      const runtime = make();
      afterAll(() => runtime.close());
      const build = (source: string) =>
        runtime.build({ source: Buffer.from(source), filename: file, config: FunctionConfig.create() }, slowTestMs);
      const everythingOf = ({ fields, message }: RelaisError) => `${message} ${JSON.stringify(fields)}`;

      test.each((readers[lang] ?? []).map((source) => [source.replace(/\s+/g, ' ').slice(0, 70), source]))(
        'finds no file of the machine: %s',
        async (_shown, source) => {
          const error = await rejectionOf(build(source));
          expect(error).toMatchObject({ code: 'invalid_argument', fields: { reason: 'compile_error' } });
          expect(everythingOf(error)).not.toContain(machine);
          expect(everythingOf(error)).not.toContain(root.directory);
        },
        slowTestMs,
      );

      if (lang === 'c') {
        test(
          'does not say what files the machine has',
          async () => {
            expect((await build(`${asks.join('\n')}\nint main(void) { return 0; }`)).wasm).toBe(true);
          },
          slowTestMs,
        );
      }

      if (lang === 'rust') {
        test(
          'is ended when it reads what never ends, and the next one works',
          async () => {
            const source = 'static X: &[u8] = include_bytes!("/dev/zero");\nfn main() { print!("{}", X.len()); }';
            expect((await rejectionOf(build(source))).fields.reason).toMatch(/^(compiler_crashed|compile_error)$/);
            expect((await build('fn main() {}')).wasm).toBe(true);
          },
          slowTestMs,
        );
      }

      test(
        'may say what it likes: no more than is readable gets out',
        async () => {
          const error = await rejectionOf(build(talkers[lang] ?? ''));
          expect(error.fields.reason).toBe('compile_error');
          expect(error.fields.diagnostics?.length).toBeLessThanOrEqual(101);
          expect(everythingOf(error).length).toBeLessThan(saidCharsMax);
        },
        slowTestMs,
      );
    });
  });
}
