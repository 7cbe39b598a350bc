import { randomBytes } from 'node:crypto';
import type { WasmMemory } from './webassembly.js';
import { zeroOf, zeroStepBytes } from './zeroing.js';

const pageBytes = 65_536;
const { Memory } = (globalThis as unknown as { WebAssembly: { Memory: new (_: object) => WasmMemory } }).WebAssembly;

test('every byte that is not zero is found, wherever it is in a step', () => {
  const memory = new Memory({ initial: 1 });
  const bytes = new Uint8Array(memory.buffer);
  const zero = zeroOf(memory);
  for (let offset = 0; offset < zeroStepBytes; offset++) {
    bytes[zeroStepBytes + offset] = 1 << (offset % 8);
    zero(0, 3 * zeroStepBytes);
    expect(bytes[zeroStepBytes + offset]).toBe(0);
  }
});

test('all is zeroed from one offset to the other, and nothing beside it', () => {
  const memory = new Memory({ initial: 2, maximum: 4 });
  const bytes = new Uint8Array(memory.buffer);
  const before = randomBytes(bytes.length);
  const [from, to] = [3 * zeroStepBytes, pageBytes + 5 * zeroStepBytes];
  bytes.set(before);
  zeroOf(memory)(from, to);
  before.fill(0, from, to);
  expect(Buffer.from(bytes).equals(before)).toBe(true);
});

test('what ends where the memory ends is zeroed to its end', () => {
  const memory = new Memory({ initial: 1 });
  const bytes = new Uint8Array(memory.buffer).fill(0xff);
  zeroOf(memory)(0, bytes.length);
  expect(bytes.every((byte) => byte === 0)).toBe(true);
});
