import type { RelaisError } from '@relais/kit';
import type { BodyBudget } from '../net/body-budget.js';
import type { ServerRequest, ServerResponse } from '../net/messages.js';

/**
 * The body of a request as the RPC library reads it. Each chunk takes its bytes of the budget, and all of them are given
 * back when the answer is out or the caller has gone. Beyond the budget it throws what `refuse` makes of it.
 */
export function budgetedBody(
  request: ServerRequest,
  response: ServerResponse,
  bodies: BodyBudget,
  refuse: (failure: RelaisError) => Error,
): AsyncIterable<Uint8Array> {
  let bytes = 0;
  let isOver = false;
  response.once('close', () => {
    isOver = true;
    bodies.giveBack(bytes);
  });
  return read();

  async function* read(): AsyncGenerator<Uint8Array> {
    for await (const chunk of unbudgetedBody(request)) {
      if (!isOver) take(chunk.length);
      yield chunk;
    }
  }
  function take(more: number): void {
    try {
      bodies.take(more);
    } catch (error) {
      throw refuse(error as RelaisError);
    }
    bytes += more;
  }
}

/** The same beyond any budget: for streams of messages that are small and read one by one. */
export function unbudgetedBody(request: ServerRequest): AsyncIterable<Uint8Array> {
  // Leaving the body early must not tear down the connection the refusal travels on.
  return request.iterator({ destroyOnReturn: false });
}
