import http2 from 'node:http2';
import type { ServerResponse } from './messages.js';

/** Less is not worth counting: ten thousand connections of it are 160 MiB. */
const countedBytesMin = 16 * 1024;

/**
 * Counts the bytes of whole answers that wait for their callers to read, so that many who do not cannot exhaust the memory.
 * An answer costs nothing here when the kernel takes it at once.
 */
export class AnswerBudget {
  readonly #bytesMax: number;
  readonly #cut: () => void;
  // The one that has waited longest is first.
  readonly #waiting = new Map<ServerResponse, number>();
  #bytes = 0;

  /** `cut` hears of each answer that did not fit. */
  constructor(bytesMax: number, cut: () => void) {
    this.#bytesMax = bytesMax;
    this.#cut = cut;
  }

  /** Counts what has not gone out of an answer that is written, until it has or its caller is gone. */
  written(response: ServerResponse): void {
    const bytes = response.writableLength;
    if (bytes >= countedBytesMin) this.hold(response, bytes);
  }

  /** Counts bytes until they are let go or the response closes. Beyond the budget the answer that has waited longest is cut. */
  hold(response: ServerResponse, bytes: number): void {
    if (bytes < countedBytesMin) return;
    const before = this.#waiting.get(response);
    if (before === undefined) response.once('close', () => this.letGo(response));
    this.#waiting.set(response, (before ?? 0) + bytes);
    this.#bytes += bytes;
    while (this.#bytes > this.#bytesMax) this.#cutOldest();
  }

  letGo(response: ServerResponse): void {
    this.#bytes -= this.#waiting.get(response) ?? 0;
    this.#waiting.delete(response);
  }

  #cutOldest(): void {
    const [oldest] = this.#waiting.keys();
    if (!oldest) return;
    this.letGo(oldest);
    cutOff(oldest);
    this.#cut();
  }
}

// A stream that is only destroyed ends without an error, and what came of it would pass for the whole.
function cutOff(response: ServerResponse): void {
  if ('stream' in response) response.stream.close(http2.constants.NGHTTP2_ENHANCE_YOUR_CALM);
  else response.destroy();
}
