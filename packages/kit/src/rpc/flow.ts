/** What a part uses up of a flow's credit beside its bytes, so that many tiny parts are bounded too. */
export const partOverheadBytes = 128;

/** Largest part, bytes; a producer cuts what is larger. */
export const partBytesMax = 64 * 1024;

/** What a part of that many bytes uses up of the credit. */
export function partCost(bytes: number): number {
  return bytes + partOverheadBytes;
}

/**
 * The parts of one answer that come before its end. The one who asks makes it and says what it takes; the one who answers
 * delivers no more than the credit it has: first the window, then what is granted as parts are used up. So a slow asker
 * holds up the producer and nothing else, and what is under way of one answer never exceeds the window.
 */
export class Flow<Part> {
  /** Credit the producer begins with. */
  readonly windowBytes: number;
  readonly #take: (part: Part) => void;
  #onGrant: ((bytes: number) => void) | undefined;
  #creditBytes: number;
  #closed = false;

  /** @param take is given each part in order; nothing after the answer. */
  constructor(windowBytes: number, take: (part: Part) => void) {
    this.windowBytes = windowBytes;
    this.#creditBytes = windowBytes;
    this.#take = take;
  }

  /** Producer: hands on a part that costs this much. False: there was no credit for it, and it is dropped. */
  deliver(part: Part, costBytes: number): boolean {
    if (this.#closed) return true;
    if (costBytes > this.#creditBytes) return false;
    this.#creditBytes -= costBytes;
    this.#take(part);
    return true;
  }

  /** Producer: is told of credit from here on; one listener. */
  listen(onGrant: (bytes: number) => void): void {
    if (!this.#closed) this.#onGrant = onGrant;
  }

  /** Asker: has used up parts that cost this much and takes as much more. */
  grant(bytes: number): void {
    if (this.#closed) return;
    this.#creditBytes += bytes;
    this.#onGrant?.(bytes);
  }

  /** Either side: the answer is there, or no longer wanted. Nothing passes any more. */
  close(): void {
    this.#closed = true;
    this.#onGrant = undefined;
  }
}
