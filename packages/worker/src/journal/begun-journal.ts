import { fstatSync, readSync, writeSync } from 'node:fs';

/** Entries kept; far above the credit of any worker, so that no job in flight has been overwritten. */
const journalEntries = 4096;
const entryBytes = 4;

/**
 * Says, after a worker was killed, which jobs it had begun. One positioned write of four bytes per job into an inherited
 * file: it outlives the process, costs no round trip, and nothing has to be flushed.
 */
export class BegunJournal {
  readonly #fd: number;
  readonly #entry = Buffer.alloc(entryBytes);
  #next = 0;

  /** @param fd an open, writable, regular file; the journal starts at its beginning. */
  constructor(fd: number) {
    this.#fd = fd;
  }

  /** Records that a job begins; call it before any of the user's code runs. */
  begin(jobId: number): void {
    this.#entry.writeUInt32LE(jobId);
    writeSync(this.#fd, this.#entry, 0, entryBytes, (this.#next % journalEntries) * entryBytes);
    this.#next++;
  }
}

/** Ids of the last jobs begun according to a journal file, in no order; older ones than the journal holds are absent. */
export function readBegunJournal(fd: number): number[] {
  const bytes = Buffer.alloc(Math.min(fstatSync(fd).size, journalEntries * entryBytes));
  const length = readSync(fd, bytes, 0, bytes.length, 0);
  const ids: number[] = [];
  for (let offset = 0; offset + entryBytes <= length; offset += entryBytes) ids.push(bytes.readUInt32LE(offset));
  return ids;
}
