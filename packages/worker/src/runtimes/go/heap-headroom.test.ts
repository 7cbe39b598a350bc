import { parseModule } from '../../wasm/module/parse.js';
import { assemble } from '../../wasm/testing/assemble.js';
import { withHeapHeadroom } from './heap-headroom.js';

const memories = (module: Buffer) => parseModule(module).memories;
const globals = [[0x7f, 1, 0x41, 5]];

test('adds 4 MiB to the initial memory and changes nothing else', () => {
  const module = assemble({ start: [], globals, memory: [0, 100], data: [1, 2] });
  const roomy = withHeapHeadroom(module, 128);
  expect(memories(roomy)).toEqual([{ flags: 0, initialPages: 164, maximumPages: undefined }]);
  // Two bytes of LEB128 became the size: everything else stands as it stood.
  expect(roomy.subarray(-40)).toEqual(module.subarray(-40));
  expect(parseModule(roomy).sections.map(({ id }) => id)).toEqual(parseModule(module).sections.map(({ id }) => id));
});

test.each([
  ['its own maximum', { memory: [1, 20, 30] }, 128, 30],
  ['the memory of its function', { memory: [0, 250, 1] }, 16, 256],
  ['a memory that is full already', { memory: [1, 30, 30] }, 128, 30],
])('never passes %s', (_what, extra, memoryMb, pages) => {
  const roomy = withHeapHeadroom(assemble({ start: [], ...extra }), memoryMb);
  expect(memories(roomy)[0]?.initialPages).toBe(pages);
});
