import { crc32c } from './crc32c.js';
import { logNumberOf } from './manifest.js';

/** A version edit as a record of its own in a block. */
function record(...bytes: number[]): Buffer {
  const whole = Buffer.from([0, 0, 0, 0, bytes.length, 0, 1, ...bytes]);
  const crc = crc32c(whole, 6);
  whole.writeUInt32LE((((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0, 0);
  return whole;
}

const snapshot = record(1, 3, 0x61, 0x62, 0x63, 5, 0, 1, 0x61, 7, 0, 5, 0x80, 0x01, 1, 0x61, 2, 0x7a, 0x7a, 6, 0, 4);
const named = (number: number) => record(2, number, 9, 0, 3, 9, 4, 0xff, 0x7f);

test.each([
  ['an empty manifest', Buffer.alloc(0), undefined],
  ['one that names none', snapshot, undefined],
  ['one that does', Buffer.concat([snapshot, named(7)]), 7],
  ['the last of several', Buffer.concat([snapshot, named(7), snapshot, named(12)]), 12],
  ['the last whole one', Buffer.concat([snapshot, named(7), named(12).subarray(0, -1)]), 7],
  ['a number of several bytes', record(2, 0x80, 0x02), 256],
  ['an edit of a kind we do not know', Buffer.concat([named(7), record(8, 1)]), undefined],
  ['an edit that is cut short', Buffer.concat([named(7), record(1, 9, 0x61)]), undefined],
  ['a number that does not end', record(2, ...Array(12).fill(0x80)), undefined],
])('%s', (_what, manifest, expected) => {
  expect(logNumberOf(manifest)).toBe(expected);
});
