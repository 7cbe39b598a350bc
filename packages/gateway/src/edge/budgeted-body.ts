import type { RelaisError } from '@relais/kit';
import type { BodyBudget } from '../net/body-budget.js';
import type { ServerRequest, ServerResponse } from '../net/messages.js';

/** What a body must fit into. */
export interface MessageRoom {
  readonly bodies: BodyBudget;
  /** Bytes a message may have, as it is when it has been unpacked. */
  readonly messageBytesMax: number;
}

/**
 * The body of a request as the RPC library reads it. Each chunk takes its bytes of the budget, with those that it may become
 * where it is packed, and all of them are given back when the answer is out or the caller has gone. Beyond the budget it
 * throws what `refuse` makes of it.
 */
export function budgetedBody(
  request: ServerRequest,
  response: ServerResponse,
  { bodies, messageBytesMax }: MessageRoom,
  refuse: (failure: RelaisError) => Error,
): AsyncIterable<Uint8Array> {
  const growth = growthOf(request);
  let received = 0;
  let taken = 0;
  let isOver = false;
  response.once('close', () => {
    isOver = true;
    bodies.giveBack(taken);
  });
  return read();

  async function* read(): AsyncGenerator<Uint8Array> {
    for await (const chunk of unbudgetedBody(request)) {
      if (!isOver) take(chunk.length);
      yield chunk;
    }
  }
  function take(bytes: number): void {
    received += bytes;
    const needed = received + Math.min(received * growth, messageBytesMax);
    try {
      bodies.take(needed - taken);
    } catch (error) {
      throw refuse(error as RelaisError);
    }
    taken = needed;
  }
}

/** The same beyond any budget: for streams of messages that are small and read one by one. */
export function unbudgetedBody(request: ServerRequest): AsyncIterable<Uint8Array> {
  // Leaving the body early must not tear down the connection the refusal travels on.
  return request.iterator({ destroyOnReturn: false });
}

const packingHeaders = ['content-encoding', 'connect-content-encoding', 'grpc-encoding'];

/** The most that gzip can unpack one byte to. */
const gzipGrowthMax = 1032;

/** Bytes that one byte of a body may become beside itself: none when it is not packed; nobody knows for what is not gzip. */
function growthOf({ headers }: ServerRequest): number {
  const packings = packingHeaders.flatMap((name) => headers[name] ?? []).filter((packing) => packing !== 'identity');
  if (packings.length === 0) return 0;
  return packings.every((packing) => packing === 'gzip') ? gzipGrowthMax : Number.POSITIVE_INFINITY;
}
