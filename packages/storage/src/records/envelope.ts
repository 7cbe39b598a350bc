import { crc32 } from 'node:zlib';
import { recordCorrupt, storageError } from '../errors.js';

const schemaVersion = 1;
// CRC-32 of everything else and the key, four bytes, little-endian; schema version, one byte.
const headerBytes = 5;

/** Wraps the content of a record: its schema version and a checksum that also covers the key it is stored under. */
export function seal(key: string, content: Uint8Array): Buffer {
  const record = Buffer.allocUnsafe(headerBytes + content.length);
  record.writeUInt8(schemaVersion, 4);
  record.set(content, headerBytes);
  record.writeUInt32LE(checksum(key, record), 0);
  return record;
}

/**
 * The content of a record, sharing its memory. Throws `internal` reason `record_corrupt` when the checksum does not
 * match, `failed_precondition` reason `record_too_new` when a newer release wrote it.
 */
export function unseal(key: string, record: Buffer): Buffer {
  if (record.length < headerBytes || record.readUInt32LE(0) !== checksum(key, record)) {
    throw recordCorrupt(key, 'Restore it from a backup, or delete the function it belongs to and deploy that again.');
  }
  const version = record.readUInt8(4);
  if (version !== schemaVersion) {
    const message = `The record ${key} has schema version ${version}; this release knows ${schemaVersion}. Run the release that wrote it, or a later one.`;
    throw storageError('failed_precondition', 'record_too_new', message);
  }
  return record.subarray(headerBytes);
}

function checksum(key: string, record: Buffer): number {
  return crc32(record.subarray(4), crc32(key));
}
