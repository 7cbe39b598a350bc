import { crc32, deflateRawSync } from 'node:zlib';

/** One entry of a zip archive, valid by default; every field can be made a lie. */
export interface ZipRecord {
  readonly name: string | Buffer;
  readonly content?: string | Buffer;
  /** 0 stored, 8 deflated (default). */
  readonly method?: number;
  readonly flags?: number;
  /** Unix mode, file type included. Default: a regular file. */
  readonly mode?: number;
  /** Bytes as they lie in the archive. Default: the content by the method. */
  readonly packed?: Buffer;
  readonly size?: number;
  readonly crc?: number;
  /** Position of the local header. Default: where it is. */
  readonly offset?: number;
  readonly packedSize?: number;
  readonly extra?: Buffer;
}

const regularFile = 0o100644;

export function zip(records: readonly ZipRecord[], entryCount = records.length): Buffer {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let at = 0;
  for (const record of records) {
    const { local, central } = zipRecord(record, at);
    parts.push(local);
    directory.push(central);
    at += local.length;
  }
  const centralBytes = directory.reduce((sum, part) => sum + part.length, 0);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(entryCount, 8);
  end.writeUInt16LE(entryCount, 10);
  end.writeUInt32LE(centralBytes, 12);
  end.writeUInt32LE(at, 16);
  return Buffer.concat([...parts, ...directory, end]);
}

/** The files of a tree as a zip archive. */
export function zipOf(files: Readonly<Record<string, string | Buffer>>): Buffer {
  return zip(Object.entries(files).map(([name, content]) => ({ name, content })));
}

function zipRecord(record: ZipRecord, at: number): { local: Buffer; central: Buffer } {
  const { method = 8, flags = 0x800, mode = regularFile, extra = Buffer.alloc(0) } = record;
  const name = Buffer.from(record.name as string);
  const content = Buffer.from((record.content ?? '') as string);
  const packed = record.packed ?? (method === 8 ? deflateRawSync(content) : content);
  const fields = Buffer.alloc(26);
  fields.writeUInt16LE(20, 0);
  fields.writeUInt16LE(flags, 2);
  fields.writeUInt16LE(method, 4);
  fields.writeUInt32LE(record.crc ?? crc32(content), 10);
  fields.writeUInt32LE(record.packedSize ?? packed.length, 14);
  fields.writeUInt32LE(record.size ?? content.length, 18);
  fields.writeUInt16LE(name.length, 22);
  fields.writeUInt16LE(extra.length, 24);
  const place = Buffer.alloc(14);
  place.writeUInt32LE((mode << 16) >>> 0, 6);
  place.writeUInt32LE(record.offset ?? at, 10);
  return {
    local: Buffer.concat([Buffer.from('PK\x03\x04'), fields, name, extra, packed]),
    central: Buffer.concat([Buffer.from('PK\x01\x02\x14\x03'), fields, place, name, extra]),
  };
}
