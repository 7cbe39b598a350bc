import { badArchive, badEntry } from '../bad-archive.js';
import { decodeName } from '../decode-name.js';

export const blockBytes = 512;

export type TarKind = 'file' | 'directory' | 'pax' | 'longName' | 'skipped' | 'refused';

/** One record of a tar archive: POSIX ustar, GNU and the old form before both. */
export interface TarHeader {
  readonly kind: TarKind;
  readonly path: string;
  /** Of the content that follows, without padding. */
  readonly bytes: number;
  /** With kind refused: what it is instead of a file. */
  readonly what: string;
}

interface Meaning {
  readonly kind: TarKind;
  readonly what?: string;
}

const meanings: Readonly<Record<string, Meaning>> = {
  '\0': { kind: 'file' },
  '0': { kind: 'file' },
  '7': { kind: 'file' },
  '5': { kind: 'directory' },
  x: { kind: 'pax' },
  L: { kind: 'longName' },
  g: { kind: 'skipped' },
  K: { kind: 'skipped' },
  '1': { kind: 'refused', what: 'a hard link' },
  '2': { kind: 'refused', what: 'a symbolic link' },
  '3': { kind: 'refused', what: 'a device' },
  '4': { kind: 'refused', what: 'a device' },
  '6': { kind: 'refused', what: 'a named pipe' },
  S: { kind: 'refused', what: 'a sparse file' },
};
const unknownMeaning: Meaning = { kind: 'refused', what: 'of an unknown kind' };

/** Reads a block that is not all zeros. Throws bad_archive when it is no header. */
export function parseTarHeader(block: Buffer): TarHeader {
  if (readNumber(block, 148, 8) !== checksum(block)) {
    throw badArchive('What is compressed is not a tar archive, or it is damaged. Send a plain source uncompressed.');
  }
  const name = readText(block, 0, 100);
  // GNU keeps other things where POSIX keeps the prefix, and marks itself by a space.
  const prefix = block.toString('latin1', 257, 263) === 'ustar\0' ? readText(block, 345, 155) : '';
  const path = prefix === '' ? name : `${prefix}/${name}`;
  const bytes = readNumber(block, 124, 12);
  if (bytes === undefined) throw badEntry(path, 'has a size that is not a number');
  const { kind, what = '' } = meanings[String.fromCharCode(block[156] ?? 0)] ?? unknownMeaning;
  // Old archives mark a directory by its name alone.
  if (kind === 'file' && path.endsWith('/')) return { kind: 'directory', path, bytes: 0, what };
  return { kind, path, bytes: kind === 'directory' ? 0 : bytes, what };
}

function checksum(block: Buffer): number {
  let sum = 8 * 0x20;
  for (let at = 0; at < blockBytes; at++) if (at < 148 || at >= 156) sum += block[at] ?? 0;
  return sum;
}

function readText(block: Buffer, at: number, length: number): string {
  const field = block.subarray(at, at + length);
  const end = field.indexOf(0);
  return decodeName(end === -1 ? field : field.subarray(0, end));
}

/** Octal text, or big-endian when the first bit is set; undefined when it is neither or too large to be true. */
function readNumber(block: Buffer, at: number, length: number): number | undefined {
  const field = block.subarray(at, at + length);
  const value = (field[0] ?? 0) >= 0x80 ? readBinary(field) : readOctal(field);
  return Number.isSafeInteger(value) ? value : undefined;
}

function readBinary(field: Buffer): number {
  const [first = 0, ...rest] = field;
  return rest.reduce((value, byte) => value * 256 + byte, first & 0x7f);
}

function readOctal(field: Buffer): number {
  const text = field.toString('latin1').replace(/\0.*$/s, '').trim();
  if (text === '') return 0;
  return /^[0-7]+$/.test(text) ? Number.parseInt(text, 8) : Number.NaN;
}
