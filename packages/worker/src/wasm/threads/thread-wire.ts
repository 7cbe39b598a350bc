import type { Duplex } from 'node:stream';
import { deserialize, serialize } from 'node:v8';
import { encodeFrame, FrameReader } from '../../processes/frames.js';
import type { Program } from '../program.js';
import type { ThreadCall, ThreadEnd } from './thread-messages.js';

/** A program as it is sent; its module goes as what that is compiled from. */
export type SentProgram = Omit<Program, 'module'>;

/** To the process that has the threads. Threads and programs have numbers, which who sends this chooses. */
export type ToThreads =
  | { readonly type: 'start'; readonly thread: number }
  | { readonly type: 'program'; readonly id: number; readonly program: SentProgram; readonly bytes: Uint8Array }
  | { readonly type: 'forget'; readonly id: number }
  | {
      readonly type: 'begin';
      readonly thread: number;
      readonly program: number;
      readonly call: Omit<ThreadCall, 'program'>;
    }
  | { readonly type: 'grant'; readonly thread: number; readonly bytes: number }
  | { readonly type: 'end'; readonly thread: number };

/** And from it. */
export type FromThreads =
  | { readonly type: 'part'; readonly thread: number; readonly data: Uint8Array }
  | { readonly type: 'ended'; readonly thread: number; readonly end: ThreadEnd }
  | { readonly type: 'gone'; readonly thread: number; readonly cause: string };

/** More than any module, payload or output takes. */
const messageBytesMax = 256 * 1024 * 1024;

/** Messages over a stream between two processes of ours that hold code of others: what cannot be read ends it. */
export class ThreadWire<Sent, Received> {
  readonly #stream: Duplex;

  /** `closed` is called once. */
  constructor(stream: Duplex, received: (message: Received) => void, closed: () => void) {
    this.#stream = stream;
    const reader = new FrameReader({
      payloadBytesMax: messageBytesMax,
      onFrame: ({ payload }) => this.#received(payload, received),
      onViolation: () => stream.destroy(),
    });
    stream.on('data', (chunk: Buffer) => reader.push(chunk));
    stream.on('end', () => stream.destroy());
    stream.on('error', () => stream.destroy());
    stream.once('close', () => {
      reader.end();
      closed();
    });
  }

  #received(payload: Buffer, received: (message: Received) => void): void {
    let message: Received;
    try {
      message = deserialize(payload);
    } catch {
      this.#stream.destroy();
      return;
    }
    received(message);
  }

  send(message: Sent): void {
    if (this.#stream.destroyed) return;
    for (const bytes of encodeFrame({}, serialize(message))) this.#stream.write(bytes);
  }
}
