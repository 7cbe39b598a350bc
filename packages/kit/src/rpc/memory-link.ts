import type { Link, LinkReceiver } from './link.js';

class MemoryEnd<Out, In> implements Link<Out, In> {
  readonly peer: string;
  #receiver: LinkReceiver<In> | undefined;
  #other: MemoryEnd<In, Out> | undefined;
  #open = true;

  constructor(peer: string) {
    this.peer = peer;
  }

  join(other: MemoryEnd<In, Out>): void {
    this.#other = other;
  }

  send(message: Out): void {
    if (!this.#open) return;
    queueMicrotask(() => this.#other?.deliver(message));
  }

  receive(receiver: LinkReceiver<In>): void {
    this.#receiver = receiver;
  }

  close(): void {
    if (!this.#open) return;
    this.#open = false;
    queueMicrotask(() => {
      this.#other?.end();
      this.#receiver?.closed();
    });
  }

  deliver(message: In): void {
    if (this.#open) this.#receiver?.message(message);
  }

  end(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#receiver?.closed();
  }
}

/** Two joined ends in one process: what one sends the other receives, in order, in a later microtask. */
export function memoryLinkPair<A, B>(peerOfFirst: string, peerOfSecond: string): [Link<A, B>, Link<B, A>] {
  const first = new MemoryEnd<A, B>(peerOfFirst);
  const second = new MemoryEnd<B, A>(peerOfSecond);
  first.join(second);
  second.join(first);
  return [first, second];
}
