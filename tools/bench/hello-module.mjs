/** The smallest WASI program: writes `text` to standard output. Two with different texts are different modules. */
export function helloModule(text) {
  const name = (value) => bytes([Buffer.byteLength(value)], Buffer.from(value));
  const section = (id, ...parts) => {
    const content = bytes(...parts);
    return bytes([id], unsigned(content.length), content);
  };
  const [i32, func, end] = [0x7f, 0x60, 0x0b];
  const constant = (value) => [0x41, value];
  const body = bytes([0], constant(1), constant(0), constant(1), constant(8), [0x10, 0, 0x1a, end]);
  const output = Buffer.from(text);
  const vector = Buffer.alloc(16);
  vector.writeUInt32LE(16, 0);
  vector.writeUInt32LE(output.length, 4);
  return bytes(
    Buffer.from('\0asm\x01\0\0\0', 'latin1'),
    section(1, [2, func, 4, i32, i32, i32, i32, 1, i32, func, 0, 0]),
    section(2, [1], name('wasi_snapshot_preview1'), name('fd_write'), [0, 0]),
    section(3, [1, 1]),
    section(5, [1, 0, 1]),
    section(7, [2], name('memory'), [2, 0], name('_start'), [0, 1]),
    section(10, [1], unsigned(body.length), body),
    section(11, [1, 0], constant(0), [end], unsigned(16 + output.length), vector, output),
  );
}

function bytes(...parts) {
  return Buffer.concat(parts.map((part) => Buffer.from(part)));
}

// LEB128.
function unsigned(value) {
  const encoded = [];
  let rest = value;
  do {
    encoded.push((rest & 0x7f) | (rest > 0x7f ? 0x80 : 0));
    rest >>>= 7;
  } while (rest > 0);
  return encoded;
}
