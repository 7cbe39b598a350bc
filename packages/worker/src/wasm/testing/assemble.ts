/** A module put together by hand: what clang would not make. Bodies are instructions without the final end. */
export interface HandModule {
  /** Instructions of `_start`. */
  readonly start: readonly number[];
  /** Each global's type, mutability and initial instructions, for example [0x7f, 1, 0x41, 0]. */
  readonly globals?: readonly (readonly number[])[];
  /** Memory limits; [0, 1] by default: one page, no maximum. */
  readonly memory?: readonly number[];
  readonly imports?: readonly (readonly [module: string, name: string])[];
  /** Size of a funcref table; none by default. */
  readonly table?: number;
  /** Entries of the table section instead, for example [0x70, 0, 1] each. */
  readonly tables?: readonly (readonly number[])[];
  /** An active data segment: where it goes, as the bytes of an i32.const, and one byte. */
  readonly activeData?: readonly number[];
  /** A passive data segment. */
  readonly data?: readonly number[];
  /** Exports beside _start and memory: [name, kind, index]. */
  readonly exports?: readonly (readonly [name: string, kind: number, index: number])[];
  /** Without these two the module is no WASI program. */
  readonly withoutStart?: boolean;
  readonly withoutMemoryExport?: boolean;
  /** Makes `_start` the start function too. */
  readonly startSection?: boolean;
}

const end = 0x0b;

/** The binary of a hand-made module. Numbers but sizes and counts fit one byte of LEB128, which is enough for tests. */
export function assemble(module: HandModule): Buffer {
  const imports = module.imports ?? [];
  const startIndex = imports.length;
  const exports: (readonly [string, number, number])[] = [...(module.exports ?? [])];
  if (!module.withoutStart) exports.push(['_start', 0, startIndex]);
  if (!module.withoutMemoryExport) exports.push(['memory', 2, 0]);
  const body = [0, ...module.start, end];
  return Buffer.from([
    ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
    ...section(1, vector([[0x60, 0, 0]])),
    ...section(2, vector(imports.map(([from, name]) => [...text(from), ...text(name), 0, 0]))),
    ...section(3, vector([[0]])),
    ...(module.table || module.tables ? section(4, vector(module.tables ?? [[0x70, 0, module.table ?? 0]])) : []),
    ...section(5, vector([module.memory ?? [0, 1]])),
    ...(module.globals ? section(6, vector(module.globals.map((global) => [...global, end]))) : []),
    ...section(7, vector(exports.map(([name, kind, index]) => [...text(name), kind, index]))),
    ...(module.startSection ? section(8, [startIndex]) : []),
    // Declares the function, so that ref.func may name it.
    ...(module.table ? section(9, vector([[3, 0, ...vector([[startIndex]])]])) : []),
    ...(module.data ? section(12, [1]) : []),
    ...section(10, vector([[...unsigned(body.length), ...body]])),
    ...(module.data ? section(11, vector([[1, module.data.length, ...module.data]])) : []),
    ...(module.activeData ? section(11, vector([[0, 0x41, ...module.activeData, end, 1, 7]])) : []),
  ]);
}

function section(id: number, content: readonly number[]): number[] {
  return [id, (content.length & 0x7f) | 0x80, content.length >> 7, ...content];
}

function unsigned(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, value >> 7];
}

function vector(items: readonly (readonly number[])[]): number[] {
  return [...unsigned(items.length), ...items.flat()];
}

function text(value: string): number[] {
  const bytes = [...Buffer.from(value)];
  return [bytes.length, ...bytes];
}
