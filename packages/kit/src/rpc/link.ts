import type { RelaisError } from '../errors/relais-error.js';

/**
 * One end of a long-lived, ordered, two-way stream of messages between two roles. Local pairs and gRPC streams both have
 * this shape. A link ends once; nothing is delivered after `closed`.
 */
export interface Link<Out, In> {
  /** The other side, for logs. */
  readonly peer: string;
  /** Queues a message; a message sent after the end is dropped. */
  send(message: Out): void;
  /** Sets the one receiver; must be called in the tick in which the link is handed over. */
  receive(receiver: LinkReceiver<In>): void;
  /** Ends both directions after what was sent. */
  close(): void;
}

export interface LinkReceiver<In> {
  message(message: In): void;
  /** Called once. No error: the other side closed in good order. */
  closed(error?: RelaisError): void;
}

/** Dials a link; used by the side that reconnects. Rejects with code unavailable. */
export type Dial<Out, In> = () => Promise<Link<Out, In>>;
