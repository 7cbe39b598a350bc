import type { ReadBackupResponse } from '@relais/contracts';
import { type Clock, randomHex } from '@relais/kit';
import type { Backend } from '../backends/backend.js';
import { storageError } from '../errors.js';
import { writeBackup } from './backup-format.js';

const partBytes = 1024 * 1024;

export interface OpenBackupsOptions {
  readonly backend: Backend;
  readonly clock: Clock;
  /** Under way at once; beyond it a new one is refused with resource_exhausted. */
  readonly backupsMax: number;
  /** One that nobody reads on from for this long ends, milliseconds. */
  readonly backupIdleMs: number;
}

interface Waiting {
  readonly pieces: AsyncGenerator<Buffer, void>;
  readonly stopTimer: () => void;
}

/** Backups that are being read, part by part. Each is of the moment it was begun. */
export class OpenBackups {
  readonly #options: OpenBackupsOptions;
  // Those between two parts; one that is being read has been taken out.
  readonly #waiting = new Map<string, Waiting>();
  #count = 0;

  constructor(options: OpenBackupsOptions) {
    this.#options = options;
  }

  /**
   * The next part of a backup; an empty id begins one. Rejects with resource_exhausted (`backups_limit`), not_found
   * (`backup_gone`), internal (`record_corrupt`); after any of them it is over.
   */
  async read(id: string): Promise<ReadBackupResponse> {
    const pieces = id === '' ? await this.#begin() : this.#take(id);
    try {
      const { data, last } = await nextPart(pieces);
      if (last) this.#count -= 1;
      return { backupId: last ? id : this.#keep(id || randomHex(16), pieces), data, last };
    } catch (error) {
      await this.#end(pieces);
      throw error;
    }
  }

  /** Ends those that wait. */
  stop(): void {
    for (const [id, { pieces }] of this.#waiting) {
      this.#forget(id);
      void this.#end(pieces);
    }
  }

  async #begin(): Promise<AsyncGenerator<Buffer, void>> {
    const { backend, backupsMax } = this.#options;
    if (this.#count >= backupsMax) throw tooMany(backupsMax);
    this.#count += 1;
    try {
      return writeBackup(await backend.snapshot());
    } catch (error) {
      this.#count -= 1;
      throw error;
    }
  }

  #take(id: string): AsyncGenerator<Buffer, void> {
    const waiting = this.#waiting.get(id);
    if (!waiting) throw storageError('not_found', 'backup_gone', 'This backup is over; begin another.');
    this.#forget(id);
    return waiting.pieces;
  }

  #keep(id: string, pieces: AsyncGenerator<Buffer, void>): string {
    const stopTimer = this.#options.clock.after(this.#options.backupIdleMs, () => {
      this.#forget(id);
      void this.#end(pieces);
    });
    this.#waiting.set(id, { pieces, stopTimer });
    return id;
  }

  #forget(id: string): void {
    this.#waiting.get(id)?.stopTimer();
    this.#waiting.delete(id);
  }

  async #end(pieces: AsyncGenerator<Buffer, void>): Promise<void> {
    this.#count -= 1;
    await pieces.return();
  }
}

async function nextPart(pieces: AsyncGenerator<Buffer, void>): Promise<{ data: Buffer; last: boolean }> {
  const part: Buffer[] = [];
  for (let bytes = 0; bytes < partBytes; ) {
    const next = await pieces.next();
    if (next.done) return { data: Buffer.concat(part), last: true };
    part.push(next.value);
    bytes += next.value.length;
  }
  return { data: Buffer.concat(part), last: false };
}

function tooMany(limit: number) {
  return storageError('resource_exhausted', 'backups_limit', 'Other backups are under way; try again in a minute.', {
    fault: 'platform',
    retryAfterMs: 60_000,
    limit: { name: 'backupsMax', limit, used: limit + 1 },
  });
}
