import type { HttpResponse } from '@relais/contracts';
import { partCost } from '@relais/kit';
import { OutputStream } from '../output-stream.js';

/** A caller that takes a call's output in parts: reads on its own, or when the test says so. */
export class TestStream {
  readonly parts: Buffer[] = [];
  readonly stream: OutputStream;
  http: HttpResponse | undefined;
  receivedBytes = 0;
  #unreadCost = 0;

  constructor(options: { reads: boolean; windowBytes?: number; bytesMax?: number }) {
    this.stream = new OutputStream({
      windowBytes: options.windowBytes ?? 256 * 1024,
      bytesMax: options.bytesMax ?? 1024 * 1024 * 1024,
      send: (data, http) => {
        this.parts.push(Buffer.from(data));
        this.receivedBytes += data.length;
        this.http = http ?? this.http;
        this.#unreadCost += partCost(data.length);
        if (options.reads) setImmediate(() => this.read());
      },
    });
  }

  /** Gives back the credit of what has come. */
  read(): void {
    const cost = this.#unreadCost;
    this.#unreadCost = 0;
    if (cost > 0) this.stream.grant(cost);
  }

  get text(): string {
    return Buffer.concat(this.parts).toString();
  }
}
