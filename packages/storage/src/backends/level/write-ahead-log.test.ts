import { crc32c } from './crc32c.js';
import { findLogDamage } from './write-ahead-log.js';

const blockBytes = 32_768;
const headerBytes = 7;

function fragment(type: number, payload: Buffer): Buffer {
  const bytes = Buffer.concat([Buffer.alloc(headerBytes), payload]);
  bytes.writeUInt16LE(payload.length, 4);
  bytes.writeUInt8(type, 6);
  const crc = crc32c(bytes, 6);
  bytes.writeUInt32LE((((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0, 0);
  return bytes;
}

const full = (text: string) => fragment(1, Buffer.from(text));
const filler = Buffer.alloc(blockBytes - headerBytes, 7);
const spanning = Buffer.concat([fragment(2, filler), fragment(3, filler), fragment(4, Buffer.from('end'))]);

function flipped(log: Buffer, offset: number): Buffer {
  const copy = Buffer.from(log);
  copy.writeUInt8(copy.readUInt8(offset) ^ 1, offset);
  return copy;
}

test('computes the published check value of CRC-32C', () => {
  expect(crc32c(Buffer.from('123456789'))).toBe(0xe3069283);
});

test.each([
  ['an empty log', Buffer.alloc(0)],
  ['whole records', Buffer.concat([full('a'), full('b'), full('')])],
  ['a record over three blocks and one behind it', Buffer.concat([spanning, full('a')])],
  ['zeros at the end of a block', Buffer.concat([fragment(1, filler.subarray(0, -5)), Buffer.alloc(5), full('a')])],
  ['a last record cut short', Buffer.concat([full('a'), full('b').subarray(0, -1)])],
  ['a last record of several blocks cut short', Buffer.concat([full('a'), spanning.subarray(0, 1000)])],
  ['a last header cut short', Buffer.concat([full('a'), full('b').subarray(0, 3)])],
  ['a damaged last record', flipped(Buffer.concat([full('a'), full('b')]), 15)],
  ['the first block of a last record lost, later ones written', flipped(spanning, 100)],
  ['zeros at the end', Buffer.concat([full('a'), Buffer.alloc(50_000)])],
])('finds nothing to report in %s', (_what, log) => {
  expect(findLogDamage(log)).toBeUndefined();
});

const three = Buffer.concat([full('first'), full('second'), full('third')]);
const secondAt = full('first').length;

test.each([
  ['its payload', three, secondAt + headerBytes, secondAt],
  ['its checksum', three, secondAt, secondAt],
  ['its length', three, secondAt + 4, secondAt],
  ['the high byte of its length', three, secondAt + 5, secondAt],
  ['its type', three, secondAt + 6, secondAt],
  ['a block of a longer record', Buffer.concat([spanning, full('a')]), blockBytes + 100, blockBytes],
])('reports damage in %s when a whole record follows', (_what, log, offset, damageAt) => {
  expect(findLogDamage(log)).toBeUndefined();
  expect(findLogDamage(flipped(log, offset))).toBe(damageAt);
});

test('reports a block of zeros that whole blocks follow', () => {
  const log = Buffer.concat([fragment(1, filler), Buffer.alloc(blockBytes), full('a')]);
  expect(findLogDamage(log)).toBe(blockBytes);
});
