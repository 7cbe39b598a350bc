import type { Argument, WasiCase } from './wasi-cases.js';

/**
 * Programs that call imports of preview 1 without a library between, one case after the other, print each errno on a line
 * of its own, and leave by proc_exit(0).
 */
export interface WasiProgramWriter {
  readonly lang: string;
  readonly filename: string;
  write(cases: readonly WasiCase[]): string;
}

const module = 'wasi_snapshot_preview1';
const bufferBytes = 16_384;

function oncePerName(cases: readonly WasiCase[]): WasiCase[] {
  return [...new Map(cases.map((one) => [one.name, one])).values()];
}

const c: WasiProgramWriter = {
  lang: 'c',
  filename: 'main.c',
  write(cases) {
    const type = { i32: 'int', i64: 'long long' };
    const places = { buffer: '(int)buffer', list: '(int)list', outside: '-1' };
    const declarations = oncePerName(cases).map(
      ({ name, types }) =>
        `__attribute__((import_module("${module}"), import_name("${name}"))) int call_${name}(${types.map((one) => type[one]).join(', ') || 'void'});`,
    );
    const calls = cases.map(({ name, args }) => `  printf("%d\\n", call_${name}(${written(args, places)}) & 0xffff);`);
    return [
      '#include <stdio.h>',
      '#include <stdlib.h>',
      ...declarations,
      `__attribute__((import_module("${module}"), import_name("proc_exit"), noreturn)) void leave(int);`,
      `static char buffer[${bufferBytes}], list[${bufferBytes}];`,
      'int main(void) {',
      ...calls,
      '  fflush(stdout);',
      '  leave(0);',
      '}',
    ].join('\n');
  },
};

const rust: WasiProgramWriter = {
  lang: 'rust',
  filename: 'main.rs',
  write(cases) {
    const places = { buffer: 'BUFFER.as_mut_ptr() as i32', list: 'LIST.as_mut_ptr() as i32', outside: '-1' };
    const declarations = oncePerName(cases).map(
      ({ name, types }) => `    fn ${name}(${types.map((type, index) => `a${index}: ${type}`).join(', ')}) -> i32;`,
    );
    const calls = cases.map(({ name, args }) => `        println!("{}", ${name}(${written(args, places)}) & 0xffff);`);
    return [
      '#![allow(static_mut_refs)]',
      `#[link(wasm_import_module = "${module}")]`,
      'extern "C" {',
      ...declarations,
      '    fn proc_exit(code: i32) -> !;',
      '}',
      `static mut BUFFER: [u8; ${bufferBytes}] = [0; ${bufferBytes}];`,
      `static mut LIST: [u8; ${bufferBytes}] = [0; ${bufferBytes}];`,
      'fn main() {',
      '    unsafe {',
      ...calls,
      '        proc_exit(0);',
      '    }',
      '}',
    ].join('\n');
  },
};

const go: WasiProgramWriter = {
  lang: 'go',
  filename: 'main.go',
  write(cases) {
    const type = { i32: 'int32', i64: 'int64' };
    const places = { buffer: 'at(&buffer)', list: 'at(&list)', outside: '-1' };
    const declarations = oncePerName(cases).flatMap(({ name, types }) => [
      `//go:wasmimport ${module} ${name}`,
      `func ${name}(${types.map((one, index) => `a${index} ${type[one]}`).join(', ')}) int32`,
    ]);
    const calls = cases.map(({ name, args }) => `\tfmt.Println(${name}(${written(args, places)}) & 0xffff)`);
    return [
      'package main',
      'import (',
      '\t"fmt"',
      '\t"unsafe"',
      ')',
      ...declarations,
      `//go:wasmimport ${module} proc_exit`,
      'func proc_exit(code int32)',
      `var buffer, list [${bufferBytes}]byte`,
      `func at(place *[${bufferBytes}]byte) int32 { return int32(uintptr(unsafe.Pointer(place))) }`,
      'func main() {',
      ...calls,
      '\tproc_exit(0)',
      '}',
    ].join('\n');
  },
};

function written(args: readonly Argument[], places: Readonly<Record<string & Argument, string>>): string {
  return args.map((arg) => (typeof arg === 'number' ? String(arg) : places[arg])).join(', ');
}

export const wasiProgramWriters: readonly WasiProgramWriter[] = [c, rust, go];
