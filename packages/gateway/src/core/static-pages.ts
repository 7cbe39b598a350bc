import type { FunctionVersion, StorageServiceService } from '@relais/contracts';
import type { ServiceOf } from '@relais/kit';
import type { Caller } from './caller.js';
import type { ControlCalls } from './control-calls.js';

/** Content of static functions, kept by digest; at most `bytesMax` in all, the one not used for longest goes. */
export class StaticPages {
  readonly #storage: ServiceOf<typeof StorageServiceService>;
  readonly #calls: ControlCalls;
  readonly #bytesMax: number;
  // In order of last use.
  readonly #pages = new Map<string, Buffer>();
  #bytes = 0;

  constructor(storage: ServiceOf<typeof StorageServiceService>, calls: ControlCalls, bytesMax: number) {
    this.#storage = storage;
    this.#calls = calls;
    this.#bytesMax = bytesMax;
  }

  /** The page's bytes. Errors: not_found when it was deleted meanwhile, unavailable. */
  async get(version: FunctionVersion, caller: Caller): Promise<Buffer> {
    const digest = version.sourceDigest;
    const known = this.#pages.get(digest);
    if (known) {
      this.#pages.delete(digest);
      this.#pages.set(digest, known);
      return known;
    }
    const { content } = await this.#calls.run('storage', caller, (c) => this.#storage.getBlob({ digest }, c));
    this.#keep(digest, content);
    return content;
  }

  #keep(digest: string, content: Buffer): void {
    if (content.length > this.#bytesMax || this.#pages.has(digest)) return;
    this.#pages.set(digest, content);
    this.#bytes += content.length;
    for (const [oldest, page] of this.#pages) {
      if (this.#bytes <= this.#bytesMax) return;
      this.#pages.delete(oldest);
      this.#bytes -= page.length;
    }
  }
}
