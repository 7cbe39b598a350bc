import { promisify } from 'node:util';
import { crc32, inflateRaw } from 'node:zlib';
import { type Entry, fromBufferPromise, getFileNameLowLevel, type ZipFile } from 'yauzl';
import { badArchive, badEntry, beyondLimit, damaged } from '../bad-archive.js';
import type { TreeBuilder } from '../tree-builder.js';

const inflate = promisify(inflateRaw);
const methodStored = 0;
const methodDeflated = 8;
const utf8Flag = 0x800;
const fileTypeMask = 0o170000;
const fileTypes = { none: 0, directory: 0o040000, regular: 0o100000, link: 0o120000 };

/**
 * Gives the entries of a zip archive to the builder in the order of its central directory. Each is unpacked alone and no
 * further than the size it declares. Rejects with bad_archive.
 */
export async function readZip(bytes: Buffer, builder: TreeBuilder): Promise<void> {
  const zip = await unlessDamaged(fromBufferPromise(bytes, { decodeStrings: false, validateEntrySizes: true }));
  const { entriesMax } = builder.limits;
  if (zip.entryCount > entriesMax) throw beyondLimit('entries', 'entriesMax', entriesMax, zip.entryCount);
  let packedBytes = 0;
  const entries = zip.eachEntry();
  for (;;) {
    const { value: entry, done } = await unlessDamaged(entries.next());
    if (done) return;
    builder.countEntry();
    // Entries that share their content unpack to far more than the archive could hold.
    packedBytes += entry.compressedSize;
    if (packedBytes > bytes.length) throw badArchive('The archive has entries that overlap. Pack it again.');
    await readEntry(zip, bytes, entry, builder);
  }
}

async function readEntry(zip: ZipFile, bytes: Buffer, entry: Entry, builder: TreeBuilder): Promise<void> {
  const path = getFileNameLowLevel(utf8Flag, entry.fileNameRaw, entry.extraFields, true);
  const type = (entry.externalFileAttributes >>> 16) & fileTypeMask;
  if (type === fileTypes.link) return builder.refuse(path, 'a symbolic link');
  if (![fileTypes.none, fileTypes.directory, fileTypes.regular].includes(type)) return builder.refuse(path, 'a device');
  if (path.endsWith('/')) return builder.addDirectory(path);
  if (entry.isEncrypted()) throw badEntry(path, 'is encrypted');
  if (!builder.expectFile(path, entry.uncompressedSize)) return;
  builder.addFile(path, await readContent(zip, bytes, entry, path));
}

async function readContent(zip: ZipFile, bytes: Buffer, entry: Entry, path: string): Promise<Buffer> {
  const { fileDataStart } = await unlessDamaged(zip.readLocalFileHeaderPromise(entry, { minimal: true }));
  const packed = bytes.subarray(fileDataStart, fileDataStart + entry.compressedSize);
  const content = await unpack(packed, entry, path);
  const isWhole = content.length === entry.uncompressedSize && crc32(content) === entry.crc32;
  if (!isWhole) throw badEntry(path, 'is damaged: its size or checksum is not what the archive says');
  return content;
}

async function unpack(packed: Buffer, entry: Entry, path: string): Promise<Buffer> {
  if (entry.compressionMethod === methodStored) return packed;
  if (entry.compressionMethod !== methodDeflated) {
    throw badEntry(path, `is compressed by method ${entry.compressionMethod}; only deflate is understood`);
  }
  try {
    return await inflate(packed, { maxOutputLength: Math.max(1, entry.uncompressedSize) });
  } catch (cause) {
    throw badEntry(path, 'is damaged: it does not unpack to the size the archive says', cause);
  }
}

async function unlessDamaged<T>(reading: Promise<T>): Promise<T> {
  try {
    return await reading;
  } catch (cause) {
    throw damaged(cause);
  }
}
