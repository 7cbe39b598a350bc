import { createHash } from 'node:crypto';
import type { Entry } from '../backends/backend.js';
import { storageError } from '../errors.js';
import { unseal } from '../records/envelope.js';
import { ByteSource } from './byte-source.js';

// RELAIS-BACKUP-1\n
// for each record: length of its key and of its value (4 bytes each, little-endian), key, value as it is stored
// 0 and the number of records (4 bytes each), SHA-256 of all bytes before it
const signature = Buffer.from('RELAIS-BACKUP-1\n');
const lengthsBytes = 8;
const digestBytes = 32;
const keyBytesMax = 512;
const valueBytesMax = 64 * 1024 * 1024;

/** A backup, piece by piece. Rejects with `record_corrupt` rather than copy a damaged record. */
export async function* writeBackup(entries: AsyncIterator<Entry, void>): AsyncGenerator<Buffer, void> {
  const hash = createHash('sha256').update(signature);
  let records = 0;
  try {
    yield signature;
    for (let next = await entries.next(); !next.done; next = await entries.next()) {
      const { key, value } = next.value;
      unseal(key, value);
      const head = Buffer.concat([lengths(key.length, value.length), Buffer.from(key, 'latin1')]);
      hash.update(head).update(value);
      records += 1;
      yield head;
      yield value;
    }
    const tail = lengths(0, records);
    yield Buffer.concat([tail, hash.update(tail).digest()]);
  } finally {
    await entries.return?.();
  }
}

/**
 * The records of a backup as they were stored. What was yielded may be believed only once the end is reached: rejects with
 * failed_precondition reason `backup_unusable` when the bytes are no backup, end early, are damaged or go on behind the end.
 */
export async function* readBackup(chunks: AsyncIterable<Buffer>): AsyncGenerator<Entry, void> {
  const source = new ByteSource(chunks);
  const hash = createHash('sha256');
  const take = async (bytes: number) => {
    const taken = await source.take(bytes);
    if (!taken) throw unusable(`it ends early, at byte ${source.position}`);
    return taken;
  };
  const first = await source.take(signature.length);
  if (!first?.equals(signature)) throw unusable('it does not begin as one');
  hash.update(first);
  for (let records = 0; ; records++) {
    const head = await take(lengthsBytes);
    hash.update(head);
    const keyBytes = head.readUInt32LE(0);
    const valueBytes = head.readUInt32LE(4);
    if (keyBytes === 0) {
      const isWhole = valueBytes === records && hash.digest().equals(await take(digestBytes));
      if (!isWhole) throw unusable('its checksum does not match what it holds');
      if (await source.take(1)) throw unusable('there is more behind its end');
      return;
    }
    if (keyBytes > keyBytesMax || valueBytes > valueBytesMax)
      throw unusable(`it is damaged before byte ${source.position}`);
    const key = await take(keyBytes);
    const value = await take(valueBytes);
    hash.update(key).update(value);
    yield { key: key.toString('latin1'), value };
  }
}

/** What this file cannot be restored for. */
export function unusable(why: string, cause?: unknown) {
  const message = `The file is no backup that can be restored: ${why}. Nothing was restored.`;
  return storageError('failed_precondition', 'backup_unusable', message, cause === undefined ? {} : { cause });
}

function lengths(first: number, second: number): Buffer {
  const bytes = Buffer.allocUnsafe(lengthsBytes);
  bytes.writeUInt32LE(first, 0);
  bytes.writeUInt32LE(second, 4);
  return bytes;
}
