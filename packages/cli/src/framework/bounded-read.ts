import { createReadStream } from 'node:fs';
import { RelaisError } from '@relais/sdk';
import { tooLarge, unreadable } from './failures.js';

/** Most bytes of one thing that is sent; every platform takes far less, and names its own bound. */
const sentBytesMax = 64 * 2 ** 20;

/** All of a file, which may be a pipe or a device. Rejects with invalid_argument when it cannot be read or is too large to send. */
export async function readFileBounded(path: string, shown: string): Promise<Buffer> {
  try {
    return await readBounded(createReadStream(path), shown);
  } catch (error) {
    throw RelaisError.is(error) ? error : unreadable(shown, error);
  }
}

/** All of a stream, which is left when it has more than may be sent. */
export async function readBounded(stream: AsyncIterable<Buffer>, shown: string): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of stream) {
    bytes += chunk.length;
    checkSentSize(bytes, shown);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, bytes);
}

/** Throws invalid_argument when so many bytes are too many to send. */
export function checkSentSize(bytes: number, shown: string): void {
  if (bytes > sentBytesMax) throw tooLarge(shown, sentBytesMax);
}
