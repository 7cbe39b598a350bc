import { badEntry, damaged } from '../bad-archive.js';
import { decodeName } from '../decode-name.js';
import type { TreeBuilder } from '../tree-builder.js';
import { InflatedBytes } from './inflated-bytes.js';
import { type PaxFields, parsePax } from './pax.js';
import { blockBytes, parseTarHeader, type TarHeader } from './tar-header.js';

/** Names and attributes of one entry; packers write less than a kilobyte. */
const metadataBytesMax = 64 * 1024;

/**
 * Gives the entries of a gzipped tar archive to the builder in their order. What is unpacked at one time beside the
 * builder's files is bounded. Rejects with bad_archive.
 */
export async function readTar(gzipped: Buffer, builder: TreeBuilder): Promise<void> {
  const { unpackedBytesMax, entriesMax } = builder.limits;
  // Each entry has a header and padding beside its content.
  const input = new InflatedBytes(gzipped, unpackedBytesMax + 2 * blockBytes * entriesMax);
  try {
    await readEntries(input, builder);
  } finally {
    await input.close();
  }
}

async function readEntries(input: InflatedBytes, builder: TreeBuilder): Promise<void> {
  let said: PaxFields = {};
  for (;;) {
    const block = await input.take(blockBytes);
    if (!block) throw damaged();
    if (isZero(block)) return input.drain();
    builder.countEntry();
    const header = parseTarHeader(block);
    if (isMetadata(header)) said = { ...said, ...(await readMetadata(input, header, builder)) };
    else {
      await readEntry(input, completed(header, said), builder);
      said = {};
    }
  }
}

function isMetadata({ kind }: TarHeader): boolean {
  return kind === 'pax' || kind === 'longName' || kind === 'skipped';
}

async function readMetadata(input: InflatedBytes, header: TarHeader, builder: TreeBuilder): Promise<PaxFields> {
  if (header.bytes > metadataBytesMax)
    throw badEntry(header.path, `has more than ${metadataBytesMax} bytes of metadata`);
  builder.countMetadata(header.bytes);
  const content = await readContent(input, header.bytes);
  if (header.kind === 'pax') return parsePax(content);
  if (header.kind === 'skipped') return {};
  const end = content.indexOf(0);
  return { path: decodeName(end === -1 ? content : content.subarray(0, end)) };
}

function completed(header: TarHeader, said: PaxFields): TarHeader {
  const path = said.path ?? header.path;
  if (said.sparse) return { ...header, path, kind: 'refused', what: 'a sparse file' };
  return { ...header, path, bytes: header.kind === 'file' ? (said.bytes ?? header.bytes) : header.bytes };
}

async function readEntry(input: InflatedBytes, entry: TarHeader, builder: TreeBuilder): Promise<void> {
  if (entry.kind === 'directory') return builder.addDirectory(entry.path);
  if (entry.kind === 'refused') return builder.refuse(entry.path, entry.what);
  const wanted = builder.expectFile(entry.path, entry.bytes);
  const content = await readContent(input, entry.bytes);
  if (wanted) builder.addFile(entry.path, content);
}

async function readContent(input: InflatedBytes, bytes: number): Promise<Buffer> {
  const paddedBytes = Math.ceil(bytes / blockBytes) * blockBytes;
  if (paddedBytes === 0) return Buffer.alloc(0);
  const padded = await input.take(paddedBytes);
  if (!padded) throw damaged();
  return padded.subarray(0, bytes);
}

function isZero(block: Buffer): boolean {
  return block.every((byte) => byte === 0);
}
