import { createHash } from 'node:crypto';
import type { StorageServiceService } from '@relais/contracts';
import type { ServiceOf } from '@relais/kit';
import type { Caller } from './caller.js';
import type { ControlCalls } from './control-calls.js';

// What a client need hold at once.
const pieceBytesMax = 1024 * 1024;

/** A piece of a backup; the last one says what all before it come to. */
export type BackupPiece = { readonly data: Buffer } | { readonly sizeBytes: number; readonly sha256: string };

/** Copies of everything stored. */
export class Backups {
  readonly #storage: ServiceOf<typeof StorageServiceService>;
  readonly #calls: ControlCalls;

  constructor(storage: ServiceOf<typeof StorageServiceService>, calls: ControlCalls) {
    this.#storage = storage;
    this.#calls = calls;
  }

  /** Reads on as it is read. Errors: resource_exhausted, internal (`record_corrupt`), unavailable. */
  async *read(caller: Caller): AsyncGenerator<BackupPiece> {
    const hash = createHash('sha256');
    let sizeBytes = 0;
    let backupId = '';
    for (let isLast = false; !isLast; ) {
      const request = { backupId };
      const part = await this.#calls.run('storage', caller, (context) => this.#storage.readBackup(request, context));
      for (let at = 0; at < part.data.length; at += pieceBytesMax) {
        const data = part.data.subarray(at, at + pieceBytesMax);
        hash.update(data);
        sizeBytes += data.length;
        yield { data };
      }
      backupId = part.backupId;
      isLast = part.last;
    }
    yield { sizeBytes, sha256: hash.digest('hex') };
  }
}
