import { damaged } from '../bad-archive.js';
import { decodeName } from '../decode-name.js';

/** What an extended header says of the entry after it. */
export interface PaxFields {
  readonly path?: string;
  readonly bytes?: number;
  readonly sparse?: boolean;
}

const lengthDigitsMax = 10;

/** Reads records "LENGTH KEY=VALUE\n" in one pass. Throws bad_archive when they are not well formed. */
export function parsePax(content: Buffer): PaxFields {
  const fields: PaxFields = {};
  for (let at = 0; at < content.length; ) {
    const space = content.indexOf(0x20, at);
    const end = at + readLength(content, at, space);
    const equals = content.indexOf(0x3d, space);
    // A record ends with its newline inside the content.
    const isWhole = space < end && end <= content.length && content[end - 1] === 0x0a;
    if (!isWhole || equals <= space + 1 || equals >= end) throw damaged();
    Object.assign(fields, readField(content.toString('latin1', space + 1, equals), content, equals + 1, end - 1));
    at = end;
  }
  return fields;
}

/** 0 when it is no number from 1 on. */
function readLength(content: Buffer, at: number, space: number): number {
  if (space <= at || space - at > lengthDigitsMax || content[at] === 0x30) return 0;
  let length = 0;
  for (let digit = at; digit < space; digit++) {
    const value = (content[digit] ?? 0) - 0x30;
    if (value < 0 || value > 9) return 0;
    length = length * 10 + value;
  }
  return length;
}

function readField(key: string, content: Buffer, from: number, to: number): PaxFields | undefined {
  if (key === 'path') return { path: decodeName(content.subarray(from, to)) };
  if (key === 'size') return { bytes: readSize(content.toString('latin1', from, to)) };
  return key.startsWith('GNU.sparse.') ? { sparse: true } : undefined;
}

function readSize(text: string): number {
  const bytes = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (!Number.isSafeInteger(bytes)) throw damaged();
  return bytes;
}
