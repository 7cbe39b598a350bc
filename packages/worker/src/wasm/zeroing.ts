import { leb } from './module/leb.js';
import { type WasmMemory, webAssembly } from './webassembly.js';

/** Zeroes a memory from `from` to before `to`, multiples of zeroStepBytes with from < to. */
export type Zero = (from: number, to: number) => void;

/** So many bytes are looked at together. */
export const zeroStepBytes = 1024;
const vectorBytes = 16;

/**
 * What zeroes a memory that is mostly zero: it writes only where it finds something else. A call leaves most of its memory as it
 * was, and to read that takes about half as long as to write it: 6 µs instead of 10 for the 448 KiB of a small C program.
 */
export function zeroOf(memory: WasmMemory): Zero {
  return new webAssembly.Instance(zeroModule, { relais: { memory } }).exports.zero as Zero;
}

// (module
//   (import "relais" "memory" (memory 0))
//   (func (export "zero") (param $at i32) (param $to i32)
//     (loop $next
//       (if (v128.any_true (v128.or … each vector of the step …))
//         (then (memory.fill (local.get $at) (i32.const 0) (i32.const step))))
//       (br_if $next (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const step))) (local.get $to))))))
const at = [0x20, 0];
const to = [0x20, 1];
// A constant has a sign, which would be the highest of the seven bits of the last byte: here that is not set.
const step = [0x41, ...leb(zeroStepBytes)];
const fill = [...at, 0x41, 0, ...step, 0xfc, 0x0b, 0];
const isLess = [...at, ...step, 0x6a, 0x22, 0, ...to, 0x49];
const loop = [0x03, 0x40, ...orOf(0, zeroStepBytes), 0xfd, 0x53, 0x04, 0x40, ...fill, 0x0b, ...isLess, 0x0d, 0, 0x0b];
const body = [0, ...loop, 0x0b];
const zeroModule = new webAssembly.Module(
  Uint8Array.from([
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, [1, 0x60, 2, 0x7f, 0x7f, 0]),
    ...section(2, [1, ...name('relais'), ...name('memory'), 2, 0, 0]),
    ...section(3, [1, 0]),
    ...section(7, [1, ...name('zero'), 0, 0]),
    ...section(10, [1, ...leb(body.length), ...body]),
  ]),
);

/** Instructions for the union of all vectors of a part of the step; as a tree, so that few wait for another. */
function orOf(from: number, end: number): number[] {
  if (end - from === vectorBytes) return [...at, 0xfd, 0, 4, ...leb(from)];
  const middle = (from + end) / 2;
  return [...orOf(from, middle), ...orOf(middle, end), 0xfd, 0x50];
}

function section(id: number, content: readonly number[]): number[] {
  return [id, ...leb(content.length), ...content];
}

function name(text: string): number[] {
  return [text.length, ...Buffer.from(text)];
}
