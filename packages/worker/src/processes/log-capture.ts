import { StringDecoder } from 'node:string_decoder';

const stderrTailBytesMax = 4096;

/** What a call printed. */
export interface CapturedLogs {
  readonly logs: string;
  readonly logsTruncated: boolean;
}

export const noLogs: CapturedLogs = { logs: '', logsTruncated: false };

/** Collects what a process prints during one call, at most bytesMax; the rest is dropped and said so. */
export class LogCapture {
  readonly #bytesMax: number;
  #bytes = Buffer.alloc(0);
  #usedBytes = 0;
  #truncated = false;
  #stderrTail = Buffer.alloc(0);
  #open = true;
  #rewrite = (text: string): string => text;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /** Begins a call, unless one has begun. */
  open(): void {
    this.#open = true;
  }

  /** Ends the call and forgets what it printed; what is printed until the next one is dropped. */
  close(): void {
    this.#open = false;
    this.#bytes = Buffer.alloc(0);
    this.#usedBytes = 0;
    this.#truncated = false;
    this.#stderrTail = Buffer.alloc(0);
  }

  stdout(chunk: Buffer): void {
    if (this.#open) this.#append(chunk);
  }

  stderr(chunk: Buffer): void {
    if (!this.#open) return;
    this.#append(chunk);
    this.#stderrTail = Buffer.concat([this.#stderrTail, chunk.subarray(-stderrTailBytesMax)]).subarray(
      -stderrTailBytesMax,
    );
  }

  /** Has what was printed pass through this on its way to the caller. */
  rewrite(change: (text: string) => string): void {
    this.#rewrite = change;
  }

  captured(): CapturedLogs {
    if (this.#usedBytes === 0) return noLogs;
    const text = this.#rewrite(decode(this.#bytes.subarray(0, this.#usedBytes), this.#truncated));
    // A byte that is not UTF-8 becomes three, so the bound is held on the text too.
    if (Buffer.byteLength(text) <= this.#bytesMax) return { logs: text, logsTruncated: this.#truncated };
    return { logs: decode(Buffer.from(text).subarray(0, this.#bytesMax), true), logsTruncated: true };
  }

  /** The last 4 KiB of standard error. */
  stderrTail(): string {
    return this.#stderrTail.toString();
  }

  #append(chunk: Buffer): void {
    const kept = chunk.subarray(0, this.#bytesMax - this.#usedBytes);
    if (kept.length < chunk.length) this.#truncated = true;
    if (kept.length === 0) return;
    this.#grow(this.#usedBytes + kept.length);
    this.#usedBytes += kept.copy(this.#bytes, this.#usedBytes);
  }

  #grow(neededBytes: number): void {
    if (neededBytes <= this.#bytes.length) return;
    // One buffer that doubles: a million one-byte writes must not become a million objects.
    const grown = Buffer.alloc(Math.min(this.#bytesMax, Math.max(1024, neededBytes * 2)));
    this.#bytes.copy(grown, 0, 0, this.#usedBytes);
    this.#bytes = grown;
  }
}

function decode(bytes: Buffer, cutAtEnd: boolean): string {
  return cutAtEnd ? new StringDecoder('utf8').write(bytes) : bytes.toString();
}
