import { pageBytes } from '../../wasm/module/analyse.js';
import { leb } from '../../wasm/module/leb.js';
import { type ParsedModule, parseModule, sectionId } from '../../wasm/module/parse.js';

const headerBytes = 8;
/** Go collects no garbage below 4 MiB of heap, so that is what most calls come to. */
const headroomPages = (4 * 1024 * 1024) / pageBytes;

/**
 * The module with room for a heap in its memory from the start. Go's runtime takes what is there before it lets memory
 * grow; and a call that did not grow it leaves an instance that can be put back, which costs an eighth of a new one. Never
 * more than `memoryMb` in all.
 */
export function withHeapHeadroom(module: Buffer, memoryMb: number): Buffer {
  const parsed = parseModule(module);
  const [memory] = parsed.memories;
  if (!memory) return module;
  const pagesMax = Math.min(memory.maximumPages ?? Number.POSITIVE_INFINITY, (memoryMb * 2 ** 20) / pageBytes);
  const pages = Math.min(memory.initialPages + headroomPages, pagesMax);
  if (pages <= memory.initialPages) return module;
  const maximum = memory.maximumPages === undefined ? [] : leb(memory.maximumPages);
  return withMemorySection(parsed, [1, memory.flags, ...leb(pages), ...maximum]);
}

function withMemorySection({ bytes, sections }: ParsedModule, content: readonly number[]): Buffer {
  const parts: Uint8Array[] = [];
  let copied = 0;
  let previousEnd = headerBytes;
  for (const { id, end } of sections) {
    if (id === sectionId.memory) {
      parts.push(bytes.subarray(copied, previousEnd), Buffer.from([id, ...leb(content.length), ...content]));
      copied = end;
    }
    previousEnd = end;
  }
  return Buffer.concat([...parts, bytes.subarray(copied)]);
}
