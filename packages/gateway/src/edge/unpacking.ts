import { AsyncLocalStorage } from 'node:async_hooks';
import type { Compression } from '@connectrpc/connect/protocol';
import { compressionBrotli, compressionGzip } from '@connectrpc/connect-node';
import { inUnpackingTurn } from '../net/unpacking-turn.js';
import type { HeldBytes } from './budgeted-body.js';

/** Packings that messages may come in; what a message has become is held by its request as well. */
export class Unpacking {
  readonly compressions: readonly Compression[] = [compressionGzip, compressionBrotli].map((packing) => ({
    ...packing,
    decompress: (bytes, bytesMax) => this.#counted(inUnpackingTurn(() => packing.decompress(bytes, bytesMax))),
  }));
  // The library does not tell whose message it has unpacked.
  readonly #held = new AsyncLocalStorage<HeldBytes | undefined>();

  /** Whatever is unpacked on behalf of this work counts as held by its request; undefined: by none. */
  holding<T>(held: HeldBytes | undefined, work: () => T): T {
    return this.#held.run(held, work);
  }

  async #counted<Message extends Uint8Array>(unpacking: Promise<Message>): Promise<Message> {
    const message = await unpacking;
    this.#held.getStore()?.take(message.length);
    return message;
  }
}
