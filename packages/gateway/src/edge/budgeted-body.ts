import { createAsyncIterable } from '@connectrpc/connect/protocol';
import type { RelaisError } from '@relais/kit';
import type { BodyBudget } from '../net/body-budget.js';
import { isPlain, type ServerRequest, type ServerResponse } from '../net/messages.js';

/** What one request holds of the budget of bodies: given back when the answer is out or the caller has gone. */
export class HeldBytes {
  readonly #bodies: BodyBudget;
  readonly #refuse: (failure: RelaisError) => Error;
  #bytes = 0;
  #isOver = false;

  constructor(response: ServerResponse, bodies: BodyBudget, refuse: (failure: RelaisError) => Error) {
    this.#bodies = bodies;
    this.#refuse = refuse;
    response.once('close', () => {
      this.#isOver = true;
      bodies.giveBack(this.#bytes);
    });
  }

  /** Beyond the budget it throws what `refuse` makes of it. */
  take(bytes: number): void {
    if (this.#isOver) return;
    try {
      this.#bodies.take(bytes);
    } catch (error) {
      throw this.#refuse(error as RelaisError);
    }
    this.#bytes += bytes;
  }
}

/** The body of a request as the RPC library reads it; each chunk takes its bytes. */
export async function* budgetedBody(request: ServerRequest, held: HeldBytes): AsyncGenerator<Uint8Array> {
  for await (const chunk of unbudgetedBody(request)) {
    held.take(chunk.length);
    yield chunk;
  }
}

/** The same beyond any budget: for streams of messages that are small and read one by one. */
export function unbudgetedBody(request: ServerRequest): AsyncIterable<Uint8Array> {
  if (isPlain(request)) return createAsyncIterable([request.body]);
  // Leaving the body early must not tear down the connection the refusal travels on.
  return request.iterator({ destroyOnReturn: false });
}
