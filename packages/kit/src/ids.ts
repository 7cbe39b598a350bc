import { randomFillSync } from 'node:crypto';

const poolBytes = 4096;
const pool = Buffer.alloc(poolBytes);
let poolOffset = poolBytes;

/**
 * Lower-case hexadecimal of `bytes` random bytes, at most 4096 (RangeError beyond); drawn from a pool so that a call costs
 * no system call.
 */
export function randomHex(bytes: number): string {
  if (bytes > poolBytes) throw new RangeError(`randomHex gives at most ${poolBytes} bytes, not ${bytes}`);
  if (poolOffset + bytes > poolBytes) {
    randomFillSync(pool);
    poolOffset = 0;
  }
  const text = pool.toString('hex', poolOffset, poolOffset + bytes);
  poolOffset += bytes;
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
