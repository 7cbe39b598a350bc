// Loaded before the compiler: its in-memory file system copies a whole file for each 4 KiB written to it, so that an
// object file of 16 MiB takes 18 s and one of 64 MiB minutes. Here a file's room doubles, and a file beyond 256 MiB is
// refused: zeros count too, and an array of 1 GiB took 15 s and 2 GiB of memory.
import { registerHooks } from 'node:module';

interface MemoryFile {
  data: Uint8Array;
  /** What `data` is the beginning of, once this has written to it. */
  room?: Uint8Array;
}

interface WriteStream {
  readonly file: MemoryFile;
  offset: bigint;
}

function write(this: WriteStream, contents: Uint8Array): void {
  const { file } = this;
  const at = Number(this.offset);
  const usedBytes = file.data.length;
  const endBytes = Math.max(usedBytes, at + contents.length);
  // The function is handed on as text, so it names nothing outside itself.
  if (endBytes > 256 * 1024 * 1024) throw { tag: 'closed' };
  let room = file.room;
  if (!room || room.buffer !== file.data.buffer || room.length < endBytes) {
    room = new Uint8Array(Math.max(4096, 2 * endBytes));
    room.set(file.data);
    file.room = room;
  } else if (at > usedBytes) {
    room.fill(0, usedBytes, at);
  }
  room.set(contents, at);
  file.data = room.subarray(0, endBytes);
  this.offset += BigInt(contents.length);
}

const compilerUrl = import.meta.resolve('@yowasp/clang');

registerHooks({
  load(url, context, next) {
    const loaded = next(url, context);
    if (url !== compilerUrl) return loaded;
    return { ...loaded, source: `${String(loaded.source)}\nWriteStream.prototype.write = ${write};\n` };
  },
});
