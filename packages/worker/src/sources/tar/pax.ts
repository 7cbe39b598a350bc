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
  let fields: PaxFields = {};
  for (let at = 0; at < content.length; ) {
    const space = content.subarray(at, at + lengthDigitsMax + 1).indexOf(0x20);
    const digits = space === -1 ? '' : content.toString('latin1', at, at + space);
    const length = /^[1-9]\d*$/.test(digits) ? Number(digits) : 0;
    const record = content.subarray(at + space + 1, at + length);
    const equals = record.indexOf(0x3d);
    // A record ends with its newline inside the content.
    if (length <= space || at + length > content.length || record.at(-1) !== 0x0a || equals < 1) throw damaged();
    fields = { ...fields, ...readField(decodeName(record.subarray(0, equals)), record.subarray(equals + 1, -1)) };
    at += length;
  }
  return fields;
}

function readField(key: string, value: Buffer): PaxFields {
  if (key === 'path') return { path: decodeName(value) };
  if (key === 'size') return { bytes: readSize(value.toString('latin1')) };
  return key.startsWith('GNU.sparse.') ? { sparse: true } : {};
}

function readSize(text: string): number {
  const bytes = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (!Number.isSafeInteger(bytes)) throw damaged();
  return bytes;
}
