import { randomBytes } from 'node:crypto';

const poolBytes = 4096;
/** Random digits that nobody has yet, two of a byte: parts of one text cost less than a text for each. */
let pool = '';
let poolOffset = 0;

/**
 * Lower-case hexadecimal of `bytes` random bytes, at most 4096 (RangeError beyond); drawn from a pool so that a call costs
 * no system call.
 */
export function randomHex(bytes: number): string {
  if (bytes > poolBytes) throw new RangeError(`randomHex gives at most ${poolBytes} bytes, not ${bytes}`);
  const end = poolOffset + 2 * bytes;
  if (end > pool.length) {
    pool = randomBytes(poolBytes).toString('hex');
    poolOffset = 0;
    return randomHex(bytes);
  }
  const text = pool.slice(poolOffset, end);
  poolOffset = end;
  return text;
}

let lastMs = -1;
let lastMsText = '';

/** An invocation id: 12 hexadecimal digits of wall-clock milliseconds and 20 random ones; sorts by time. */
export function invocationId(wallMs: number): string {
  const ms = Math.trunc(wallMs);
  // Many calls fall into one millisecond, and a number in digits of another base is dear.
  if (ms !== lastMs) {
    lastMs = ms;
    lastMsText = ms.toString(16).padStart(12, '0');
  }
  return lastMsText + randomHex(10);
}
