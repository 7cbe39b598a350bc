import { crc32c } from './crc32c.js';

const blockBytes = 32_768;
// Masked CRC-32C, four bytes; payload length, two bytes; type, one byte; all little-endian.
const headerBytes = 7;
const typeFull = 1;
const typeFirst = 2;
const typeMiddle = 3;
const typeLast = 4;

/**
 * The offset of the first damage in a LevelDB write-ahead log that whole records follow; undefined when there is none.
 *
 * LevelDB itself skips damaged records at open without a word, and with them acknowledged writes. Damage with nothing
 * whole behind it is not reported: that is how a write looks that loss of power cut short, and it was not acknowledged.
 */
export function findLogDamage(log: Buffer): number | undefined {
  let damageAt: number | undefined;
  for (let blockAt = 0; blockAt < log.length; blockAt += blockBytes) {
    const block = log.subarray(blockAt, blockAt + blockBytes);
    let at = 0;
    while (block.length - at >= headerBytes) {
      const type = wholeRecordType(block, at);
      if (type === undefined) {
        damageAt ??= blockAt + at;
        // A damaged length cannot be trusted, so look for the next whole record at every byte.
        at += 1;
        continue;
      }
      if (damageAt !== undefined && (type === typeFull || type === typeFirst)) return damageAt;
      at += headerBytes + block.readUInt16LE(at + 4);
    }
  }
  return undefined;
}

/** The records of a file in the form of such a log, up to the first that is not whole. */
export function* wholeRecords(log: Buffer): Generator<Buffer> {
  let parts: Buffer[] = [];
  for (let blockAt = 0; blockAt < log.length; blockAt += blockBytes) {
    const block = log.subarray(blockAt, blockAt + blockBytes);
    for (let at = 0; block.length - at >= headerBytes; ) {
      const type = wholeRecordType(block, at);
      if (type === undefined) return;
      const endAt = at + headerBytes + block.readUInt16LE(at + 4);
      if (type === typeFull || type === typeFirst) parts = [];
      parts.push(block.subarray(at + headerBytes, endAt));
      if (type !== typeFirst && type !== typeMiddle) yield Buffer.concat(parts);
      at = endAt;
    }
  }
}

/** The type of the record that begins at an offset of a block; undefined when there is no whole one. */
function wholeRecordType(block: Buffer, at: number): number | undefined {
  const endAt = at + headerBytes + block.readUInt16LE(at + 4);
  const type = block.readUInt8(at + 6);
  if (type < typeFull || type > typeLast || endAt > block.length) return undefined;
  return masked(crc32c(block, at + 6, endAt)) === block.readUInt32LE(at) ? type : undefined;
}

function masked(crc: number): number {
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}
