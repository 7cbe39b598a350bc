import { RelaisError } from '../../errors/relais-error.js';
import type { Link, LinkReceiver } from '../link.js';

/** A link that tells how much it holds for a peer that does not read as fast as we send. */
export interface BufferedLink<Out, In> extends Link<Out, In> {
  /** Sent and not yet taken by the transport. */
  readonly bufferedBytes: number;
  /** From here on the listener is called whenever the transport has taken something. */
  whenTaken(listener: () => void): void;
}

/** The part of a grpc-js call that both sides have. */
interface CallStream {
  write(bytes: Buffer, taken: () => void): boolean;
  end(): unknown;
  on(event: 'data', listener: (message: unknown) => void): unknown;
}

export interface GrpcLinkOptions<Out> {
  readonly peer: string;
  /** The grpc-js call; what is written to it is already serialized. */
  readonly stream: CallStream;
  readonly serialize: (message: Out) => Buffer;
  /** Beyond it the link ends with resource_exhausted. */
  readonly bufferBytesMax: number;
  /** Ends the call with a failure, in the way of its side. */
  readonly abort: (error: RelaisError) => void;
}

/** Either side's grpc-js stream as a Link; the side that makes it tells it of its end by {@link peerClosed} or {@link fail}. */
export class GrpcLink<Out, In> implements BufferedLink<Out, In> {
  readonly peer: string;
  readonly #options: GrpcLinkOptions<Out>;
  readonly #takenListeners: (() => void)[] = [];
  #receiver: LinkReceiver<In> | undefined;
  #end: { readonly error: RelaisError | undefined } | undefined;
  #endTold = false;
  #bufferedBytes = 0;

  constructor(options: GrpcLinkOptions<Out>) {
    this.peer = options.peer;
    this.#options = options;
  }

  get bufferedBytes(): number {
    return this.#bufferedBytes;
  }

  whenTaken(listener: () => void): void {
    this.#takenListeners.push(listener);
  }

  send(message: Out): void {
    if (this.#end) return;
    const { stream, serialize, bufferBytesMax, abort } = this.#options;
    const bytes = serialize(message);
    const { length } = bytes;
    if (this.#bufferedBytes + length > bufferBytesMax) {
      const error = this.#overflow(this.#bufferedBytes + length);
      this.#endSoon(error);
      abort(error);
      return;
    }
    this.#bufferedBytes += length;
    // The stream queues what the transport does not take yet; the callback comes when it has.
    stream.write(bytes, () => {
      this.#bufferedBytes -= length;
      for (const listener of this.#takenListeners) listener();
    });
  }

  receive(receiver: LinkReceiver<In>): void {
    this.#receiver = receiver;
    if (this.#end) {
      queueMicrotask(() => this.#tellEnd());
      return;
    }
    this.#options.stream.on('data', (message) => {
      if (!this.#end) receiver.message(message as In);
    });
  }

  close(): void {
    if (this.#end) return;
    this.#endSoon(undefined);
    this.#options.stream.end();
  }

  /** The peer has closed its side in good order; ours follows. */
  peerClosed(): void {
    this.#options.stream.end();
    this.#finish(undefined);
  }

  /** The call has failed or its connection has ended; the first end counts. */
  fail(error: RelaisError): void {
    this.#finish(error);
  }

  #finish(error: RelaisError | undefined): void {
    if (this.#end) return;
    this.#end = { error };
    this.#tellEnd();
  }

  #endSoon(error: RelaisError | undefined): void {
    this.#end = { error };
    queueMicrotask(() => this.#tellEnd());
  }

  #tellEnd(): void {
    if (!this.#end || !this.#receiver || this.#endTold) return;
    this.#endTold = true;
    this.#receiver.closed(this.#end.error);
  }

  #overflow(usedBytes: number): RelaisError {
    const { bufferBytesMax, peer } = this.#options;
    return new RelaisError(
      'resource_exhausted',
      `${peer} does not read as fast as it is sent to; the link was ended with ${usedBytes} bytes unsent.`,
      {
        reason: 'link_buffer_full',
        fault: 'platform',
        limit: { name: 'linkBufferBytesMax', limit: bufferBytesMax, used: usedBytes },
      },
    );
  }
}
