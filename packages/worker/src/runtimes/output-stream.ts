import type { HttpResponse } from '@relais/contracts';
import { partBytesMax, partCost, RelaisError } from '@relais/kit';

export interface OutputStreamOptions {
  /** Credit it begins with. */
  readonly windowBytes: number;
  /** Output in all; beyond it the call is to be aborted. */
  readonly bytesMax: number;
  readonly send: (data: Uint8Array, http: HttpResponse | undefined) => void;
}

/** What became of a part: it went; there was no credit for it; with it the output would be larger than it may be. */
export type SendOutcome = 'sent' | 'no_credit' | 'too_much';

/**
 * Where a call's output goes while it runs. The caller says how much it takes; a runtime lets no more leave the function,
 * so that one who does not read holds up the function and fills no memory.
 */
export class OutputStream {
  readonly windowBytes: number;
  readonly #options: OutputStreamOptions;
  #creditBytes: number;
  #sentBytes = 0;
  #begun = false;
  #closed = false;
  #onCredit: ((bytes: number) => unknown) | undefined;

  constructor(options: OutputStreamOptions) {
    this.windowBytes = options.windowBytes;
    this.#options = options;
    this.#creditBytes = options.windowBytes;
  }

  /** Something has gone out, so the output can no longer be answered whole. */
  get begun(): boolean {
    return this.#begun;
  }

  /** Nobody takes anything any more. */
  get closed(): boolean {
    return this.#closed;
  }

  /** Largest part there is credit for now, bytes; negative when there is none even for an empty one. */
  get roomBytes(): number {
    return Math.min(partBytesMax, this.#creditBytes - partCost(0));
  }

  /** Hands on a part, at most {@link roomBytes} of it; `http` with the first alone. */
  send(data: Uint8Array, http?: HttpResponse): SendOutcome {
    if (this.#closed) return 'sent';
    if (data.length > this.roomBytes) return 'no_credit';
    if (this.#sentBytes + data.length > this.#options.bytesMax) return 'too_much';
    this.#creditBytes -= partCost(data.length);
    this.#sentBytes += data.length;
    this.#begun = true;
    this.#options.send(data, http);
    return 'sent';
  }

  /** Sets who is told of credit; and of the close, with 0. */
  listen(onCredit: (bytes: number) => unknown): void {
    this.#onCredit = onCredit;
  }

  /** The caller takes more. */
  grant(bytes: number): void {
    if (this.#closed) return;
    this.#creditBytes += bytes;
    this.#onCredit?.(bytes);
  }

  /** The call has been answered. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#onCredit?.(0);
    this.#onCredit = undefined;
  }

  /** The failure of a call whose output is larger than it may be. */
  tooMuch(): RelaisError {
    const { bytesMax } = this.#options;
    const message = `The function's output is larger than ${bytesMax} bytes; return less or raise streamBytesMax.`;
    return new RelaisError('aborted', message, {
      reason: 'output_limit',
      component: 'worker',
      limit: { name: 'streamBytesMax', limit: bytesMax, used: this.#sentBytes },
    });
  }
}
