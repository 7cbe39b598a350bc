import type { UniversalServerResponse } from '@connectrpc/connect/protocol';
import type { ServerResponse } from '../net/messages.js';

/**
 * The answer, whose body ends when its response closes. Over HTTP/1.1 the RPC library never hears of a write that came after
 * its connection was cut and before Node said so: it would wait for ever, and what the body holds would never be let go.
 */
export function endedOnClose(answer: UniversalServerResponse, response: ServerResponse): UniversalServerResponse {
  if (!answer.body) return answer;
  // The very iterator that is being read: another would know nothing of what this one began.
  const chunks = answer.body[Symbol.asyncIterator]();
  response.once('close', () => {
    chunks.return?.().catch(() => {});
  });
  return { ...answer, body: { [Symbol.asyncIterator]: () => chunks } };
}
