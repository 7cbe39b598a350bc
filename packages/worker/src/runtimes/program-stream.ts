import type { HttpResponse } from '@relais/contracts';
import { partCost, RelaisError } from '@relais/kit';
import { outputLimit } from '../processes/failures.js';
import { cgiHeadEnd, parseCgiResponse } from './cgi-response.js';
import type { OutputStream } from './output-stream.js';

export interface ProgramStreamOptions {
  readonly stream: OutputStream;
  /** It begins with a CGI header block. */
  readonly cgi: boolean;
  /** Output that waits for credit; beyond it the call fails. */
  readonly heldBytesMax: number;
  /** True: the program is to be kept from writing more, until false. */
  readonly hold: (held: boolean) => void;
  /** Told of credit, for a program that is held by it and has paid for each chunk as for one part; negative: it paid too little. */
  readonly onCredit?: (bytes: number) => void;
  /** Ends the call; called at most once. */
  readonly fail: (error: RelaisError) => void;
}

/** A running program's standard output on its way to a caller that takes it in parts. */
export class ProgramStream {
  readonly #options: ProgramStreamOptions;
  #waiting: Buffer[] = [];
  #waitingBytes = 0;
  /** The header block as far as it has come. */
  #head: Buffer | undefined;
  #held = false;
  #failed = false;
  #onDrained: (() => void) | undefined;

  constructor(options: ProgramStreamOptions) {
    this.#options = options;
    if (options.cgi) this.#head = Buffer.alloc(0);
    options.stream.listen((bytes) => {
      options.onCredit?.(bytes);
      this.#pump();
    });
  }

  /** What came of a header block that has not ended. */
  get unfinishedHead(): Buffer {
    return this.#head ?? Buffer.alloc(0);
  }

  push(chunk: Buffer): void {
    if (this.#failed || this.#options.stream.closed) return;
    if (this.#head) this.#pushHead(this.#head, chunk);
    else this.#wait(chunk);
    this.#pump();
  }

  /** Resolves when all has gone out, or nobody takes it any more. */
  drained(): Promise<void> {
    return new Promise((resolve) => {
      this.#onDrained = resolve;
      this.#pump();
    });
  }

  #pushHead(before: Buffer, chunk: Buffer): void {
    const head = Buffer.concat([before, chunk]);
    this.#head = head;
    const paid = partCost(chunk.length);
    if (cgiHeadEnd(head) === 'unfinished') {
      this.#options.onCredit?.(paid);
      return;
    }
    try {
      const { http, output } = parseCgiResponse(head);
      this.#head = undefined;
      // Not of the chunk, but of these its cost comes back.
      const due = partCost(0) + (output.length > 0 ? partCost(output.length) : 0);
      this.#options.onCredit?.(paid - due);
      this.#send(Buffer.alloc(0), http);
      this.#wait(Buffer.from(output));
    } catch (error) {
      this.#fail(RelaisError.from(error));
    }
  }

  #wait(chunk: Buffer): void {
    if (chunk.length === 0) return;
    this.#waiting.push(chunk);
    this.#waitingBytes += chunk.length;
  }

  #pump(): void {
    const { heldBytesMax, hold, stream } = this.#options;
    if (stream.closed) this.#drop();
    for (let [chunk] = this.#waiting; chunk && stream.roomBytes > 0 && !this.#failed; [chunk] = this.#waiting) {
      const part = chunk.subarray(0, stream.roomBytes);
      if (part.length === chunk.length) this.#waiting.shift();
      else this.#waiting[0] = chunk.subarray(part.length);
      this.#waitingBytes -= part.length;
      this.#send(part);
    }
    if (this.#waitingBytes > heldBytesMax) this.#fail(outputLimit(heldBytesMax, this.#waitingBytes));
    const isHeld = this.#waiting.length > 0;
    if (isHeld !== this.#held) {
      this.#held = isHeld;
      hold(isHeld);
    }
    if (!isHeld) this.#onDrained?.();
  }

  #send(part: Buffer, http?: HttpResponse): void {
    const { stream } = this.#options;
    if (stream.send(part, http) === 'too_much') this.#fail(stream.tooMuch());
  }

  #fail(error: RelaisError): void {
    if (this.#failed) return;
    this.#failed = true;
    this.#drop();
    this.#options.fail(error);
  }

  #drop(): void {
    this.#waiting = [];
    this.#waitingBytes = 0;
  }
}
