import type { BufferedLink } from '../grpc/grpc-link.js';
import { cutFrames } from './frames.js';

export interface PacedFramesOptions<Item> {
  /** Rough size on the wire, bytes. */
  readonly sizeOf: (item: Item) => number;
  /** Packs items into a frame and sends it. */
  readonly send: (items: readonly Item[]) => void;
}

/**
 * What the link may hold for its peer while a frame is added to it. With the largest item, an artifact, it stays below what ends a
 * link.
 */
const linkHeldBytesMax = 8 * 1024 * 1024;

/**
 * Sends items in order, in frames of bounded size, and no more than the peer takes: answers come as fast as functions make them,
 * and a link that holds too much is ended with everything on it. How much waits here is bounded by who asked for it.
 */
export class PacedFrames<Item> {
  readonly #options: PacedFramesOptions<Item>;
  #waiting: (readonly Item[])[] = [];
  #link: Partial<BufferedLink<never, never>> | undefined;

  constructor(options: PacedFramesOptions<Item>) {
    this.#options = options;
  }

  /** Items go over this link from here on; what waits for the one before is dropped. */
  use(link: object | undefined): void {
    this.#waiting = [];
    this.#link = link;
    this.#link?.whenTaken?.(() => this.#pump());
  }

  push(items: readonly Item[]): void {
    cutFrames(items, this.#options.sizeOf, (frame) => this.#waiting.push(frame));
    this.#pump();
  }

  /** Whether everything has been handed to the link. */
  get isEmpty(): boolean {
    return this.#waiting.length === 0;
  }

  #pump(): void {
    while ((this.#link?.bufferedBytes ?? 0) < linkHeldBytesMax) {
      const frame = this.#waiting.shift();
      if (!frame) return;
      this.#options.send(frame);
    }
  }
}
