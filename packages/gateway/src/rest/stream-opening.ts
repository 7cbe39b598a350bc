import type { HttpResponse, OutputPart } from '@relais/contracts';
import type { InvokeOutput } from '../core/invoke-function.js';
import type { StreamedOutput } from '../core/streamed-output.js';
import type { RestShared } from './call.js';
import type { EventForm } from './event-stream.js';

/** A body on its way. */
export interface StreamedBody {
  readonly output: StreamedOutput;
  /** What has come and what comes. */
  readonly parts: AsyncIterable<Buffer>;
  /** What it is to be written as, when that is Server-Sent Events. */
  readonly events: EventForm | undefined;
}

/** The function goes on: what it set, and what comes of it. */
export interface OpenedStream {
  readonly kind: 'stream';
  readonly http: HttpResponse | undefined;
  readonly parts: AsyncIterable<Buffer>;
}

/** The function has ended: nothing needs to be streamed. */
export interface WholeOutput {
  readonly kind: 'whole';
  readonly result: InvokeOutput;
}

/**
 * Reads the beginning of an output until it is known how to answer. An output whose type is said, or that `eager` callers
 * take as it is, is a stream from its first part on. Any other is held back a little, by time and size: when the function
 * ends within that, the answer is whole, its type is found, and a failure has its status. Rejects with such a failure.
 */
export async function openStream(
  output: StreamedOutput,
  { clock, limits }: RestShared,
  eager: boolean,
): Promise<OpenedStream | WholeOutput> {
  const held: Buffer[] = [];
  let heldBytes = 0;
  let http: HttpResponse | undefined;
  let holdOver: Promise<'over'> | undefined;
  let forget = () => {};
  for (;;) {
    const next = output.next();
    const came = await (holdOver ? Promise.race([next, holdOver]) : next);
    if (came === 'over') return { kind: 'stream', http, parts: partsOf(output, held, next) };
    if (!came) break;
    http ??= came.http;
    if (came.data.length > 0) held.push(came.data);
    heldBytes += came.data.length;
    if (eager || isTyped(http) || heldBytes > limits.outputHoldBytesMax) {
      forget();
      return { kind: 'stream', http, parts: partsOf(output, held, undefined) };
    }
    holdOver ??= new Promise((resolve) => {
      forget = clock.after(limits.outputHoldMs, () => resolve('over'));
    });
  }
  forget();
  const result = await output.end;
  return { kind: 'whole', result: holdOver ? { ...result, http, output: Buffer.concat(held) } : result };
}

async function* partsOf(
  output: StreamedOutput,
  held: readonly Buffer[],
  pending: Promise<OutputPart | undefined> | undefined,
): AsyncGenerator<Buffer> {
  yield* held;
  for (let part = await (pending ?? output.next()); part; part = await output.next()) {
    if (part.data.length > 0) yield part.data;
  }
}

/** Whether the function says what its output is. */
export function isTyped(http: HttpResponse | undefined): boolean {
  return http?.headers.some(({ name }) => name.toLowerCase() === 'content-type') ?? false;
}
