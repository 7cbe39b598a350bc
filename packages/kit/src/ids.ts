import { randomBytes, randomFillSync } from 'node:crypto';

const poolBytes = 4096;
const pool = Buffer.alloc(poolBytes);
let poolOffset = poolBytes;

/** Parts of one text cost less than a text for each. Each of them keeps all of it in memory, so that it is short. */
const textBytes = 128;
let text = '';
let textOffset = 0;

/** Lower-case hexadecimal of `bytes` random bytes; of few drawn from a pool, so that a call costs no system call. */
export function randomHex(bytes: number): string {
  if (bytes > textBytes) return randomBytes(bytes).toString('hex');
  if (textOffset + 2 * bytes > text.length) {
    text = nextText();
    textOffset = 0;
  }
  const end = textOffset + 2 * bytes;
  const part = text.slice(textOffset, end);
  textOffset = end;
  return part;
}

function nextText(): string {
  if (poolOffset === poolBytes) {
    randomFillSync(pool);
    poolOffset = 0;
  }
  const start = poolOffset;
  poolOffset += textBytes;
  return pool.toString('hex', start, poolOffset);
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
