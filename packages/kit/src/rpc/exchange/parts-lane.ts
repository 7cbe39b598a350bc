import type { BufferedLink } from '../grpc/grpc-link.js';

/** A part and the question whose answer it belongs to. */
export interface IdentifiedPart<Part> {
  readonly id: number;
  readonly part: Part;
}

export interface PartsLaneOptions<Part> {
  /** Packs parts into a frame and sends it. */
  readonly send: (parts: readonly IdentifiedPart<Part>[]) => void;
  /** Rough size on the wire, bytes. */
  readonly sizeOf: (part: Part) => number;
}

/** Parts handed to the link in one turn of the loop. */
const turnBytesMax = 256 * 1024;
/** What the link may hold for its peer while parts are added to it: so much, at most, whatever else is sent waits behind. */
const linkHeldBytesMax = 256 * 1024;
const frameBytesMax = 64 * 1024;

/**
 * Sends the parts of many answers over one link so that none holds up another, and none what is sent beside them: one part
 * of each in turn, and no more than the peer takes. How much waits here is bounded by the credit of the answers.
 */
export class PartsLane<Part> {
  readonly #options: PartsLaneOptions<Part>;
  /** In order of their turns. */
  readonly #queues = new Map<number, { parts: Part[]; last: (() => void) | undefined }>();
  #link: Partial<BufferedLink<never, never>> | undefined;
  #scheduled = false;

  constructor(options: PartsLaneOptions<Part>) {
    this.#options = options;
  }

  /** Parts go over this link from here on; what waits for the one before is dropped. */
  use(link: object | undefined): void {
    this.#queues.clear();
    this.#link = link;
    this.#link?.whenTaken?.(() => this.#schedule());
  }

  push(id: number, part: Part): void {
    const queue = this.#queues.get(id);
    if (queue) queue.parts.push(part);
    else this.#queues.set(id, { parts: [part], last: undefined });
    this.#schedule();
  }

  /** Calls `last` when every part of that answer has been sent: at once when none waits. */
  after(id: number, last: () => void): void {
    const queue = this.#queues.get(id);
    if (queue) queue.last = last;
    else last();
  }

  /** Whether parts of an answer wait. */
  has(id: number): boolean {
    return this.#queues.has(id);
  }

  /** Answers of which parts wait. */
  get size(): number {
    return this.#queues.size;
  }

  /** Drops the parts that wait of an answer; what was to come after them comes now. */
  drop(id: number): void {
    const queue = this.#queues.get(id);
    this.#queues.delete(id);
    queue?.last?.();
  }

  #schedule(): void {
    if (this.#scheduled || this.#queues.size === 0) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.#pump();
    });
  }

  #pump(): void {
    const { send, sizeOf } = this.#options;
    let frame: IdentifiedPart<Part>[] = [];
    let frameBytes = 0;
    let turnBytes = 0;
    const flush = () => {
      if (frame.length > 0) send(frame);
      frame = [];
      frameBytes = 0;
    };
    while (this.#queues.size > 0 && turnBytes < turnBytesMax && this.#heldBytes() + frameBytes < linkHeldBytesMax) {
      const [id, queue] = this.#queues.entries().next().value ?? never();
      const part = queue.parts.shift();
      // To the end of the line; the last part takes its answer out of it.
      this.#queues.delete(id);
      if (part !== undefined) {
        const bytes = sizeOf(part);
        if (frameBytes > 0 && frameBytes + bytes > frameBytesMax) flush();
        frame.push({ id, part });
        frameBytes += bytes;
        turnBytes += bytes;
      }
      if (queue.parts.length > 0) this.#queues.set(id, queue);
      else if (queue.last) {
        flush();
        queue.last();
      }
    }
    flush();
    // Held up by the link: it says when it has room.
    if (this.#heldBytes() < linkHeldBytesMax) this.#schedule();
  }

  #heldBytes(): number {
    return this.#link?.bufferedBytes ?? 0;
  }
}

function never(): never {
  throw new Error('a map that is not empty has a first entry');
}
