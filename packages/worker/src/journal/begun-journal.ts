import { fstatSync, readSync, writeSync } from 'node:fs';

/** Entries kept; far above the credit of any worker, so that an answer has long left when the entry of its job is needed again. */
const journalEntries = 4096;
const entryBytes = 4;

/** Takes the room on the disk that a journal will need, so that a full one keeps no job from beginning. Throws when there is none. */
export function reserveBegunJournal(fd: number): void {
  const empty = Buffer.alloc(journalEntries * entryBytes);
  for (let at = 0; at < empty.length; ) at += writeSync(fd, empty, at, empty.length - at, at);
}

/**
 * Says, after a worker was killed, which jobs it had begun. One positioned write of four bytes per job into an inherited
 * file: it outlives the process, costs no round trip, and nothing has to be flushed.
 */
export class BegunJournal {
  readonly #fd: number;
  readonly #entry = Buffer.alloc(entryBytes);
  /** By place; 0 where there is none yet. */
  readonly #ids = new Uint32Array(journalEntries);
  #next = 0;

  /** @param fd an open, writable, regular file, reserved; the journal starts at its beginning. */
  constructor(fd: number) {
    this.#fd = fd;
  }

  /** Records that a job begins; call it before any of the user's code runs. Passes over the places of jobs that are still running. */
  begin(jobId: number, isRunning: (jobId: number) => boolean): void {
    let place = this.#next;
    while (isRunning(this.#ids[place] ?? 0)) place = (place + 1) % journalEntries;
    this.#ids[place] = jobId;
    this.#next = (place + 1) % journalEntries;
    this.#entry.writeUInt32LE(jobId);
    writeSync(this.#fd, this.#entry, 0, entryBytes, place * entryBytes);
  }
}

/** Ids of all jobs that run and of the last ones that ended, according to a journal file, in no order. */
export function readBegunJournal(fd: number): number[] {
  const bytes = Buffer.alloc(Math.min(fstatSync(fd).size, journalEntries * entryBytes));
  const length = readSync(fd, bytes, 0, bytes.length, 0);
  const ids: number[] = [];
  for (let offset = 0; offset + entryBytes <= length; offset += entryBytes) {
    const id = bytes.readUInt32LE(offset);
    if (id !== 0) ids.push(id);
  }
  return ids;
}
