import { gzipSync } from 'node:zlib';

/** One record of a tar archive, valid by default; every field can be made a lie. */
export interface TarRecord {
  readonly name: string | Buffer;
  readonly content?: string | Buffer;
  /** Default "0", a file. */
  readonly type?: string;
  /** Default: of the content. */
  readonly size?: number | Buffer;
  readonly prefix?: string;
  /** Default: that of POSIX. */
  readonly magic?: string;
  readonly checksum?: number;
}

const blockBytes = 512;

/** A gzipped tar archive with these records and an end mark. */
export function tarGz(records: readonly TarRecord[]): Buffer {
  return gzipSync(tar(records));
}

export function tar(records: readonly TarRecord[]): Buffer {
  return Buffer.concat([...records.map(tarRecord), Buffer.alloc(2 * blockBytes)]);
}

/** The files of a tree as a gzipped tar archive. */
export function tarGzOf(files: Readonly<Record<string, string | Buffer>>): Buffer {
  return tarGz(Object.entries(files).map(([name, content]) => ({ name, content })));
}

/** One record with its padding, without an end mark. */
export function tarRecord({ name, content = '', type = '0', size, prefix = '', magic, checksum }: TarRecord): Buffer {
  const bytes = Buffer.from(content as string);
  const header = Buffer.alloc(blockBytes);
  Buffer.from(name as string).copy(header, 0, 0, 100);
  header.write('0000644\0', 100);
  if (Buffer.isBuffer(size)) size.copy(header, 124);
  else header.write((size ?? bytes.length).toString(8).padStart(11, '0'), 124);
  header.write('00000000000\0        ', 136);
  header.write(type, 156, 'latin1');
  header.write(magic ?? 'ustar\x0000', 257);
  header.write(prefix, 345);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${(checksum ?? sum).toString(8).padStart(6, '0')}\0 `, 148);
  return Buffer.concat([header, bytes, Buffer.alloc((blockBytes - (bytes.length % blockBytes)) % blockBytes)]);
}

/** An extended header for the record after it. */
export function paxRecord(fields: Readonly<Record<string, string>>): TarRecord {
  const content = Object.entries(fields).map(([key, value]) => {
    const rest = Buffer.byteLength(` ${key}=${value}\n`);
    const length = rest + String(rest + String(rest).length).length;
    return `${length} ${key}=${value}\n`;
  });
  return { name: 'PaxHeaders/x', type: 'x', content: content.join('') };
}
