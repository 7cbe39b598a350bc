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

/** An invocation id: 12 hexadecimal digits of wall-clock milliseconds and 20 random ones; sorts by time. */
export function invocationId(wallMs: number): string {
  return Math.trunc(wallMs).toString(16).padStart(12, '0') + randomHex(10);
}
