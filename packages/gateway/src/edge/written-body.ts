import type { UniversalServerResponse } from '@connectrpc/connect/protocol';
import type { AnswerBudget } from '../net/answer-budget.js';
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

/** The answer, each piece of which counts as waiting for its caller to read until the next is asked for. */
export function heldWhileWritten(
  answer: UniversalServerResponse,
  response: ServerResponse,
  answers: AnswerBudget,
): UniversalServerResponse {
  return answer.body ? { ...answer, body: held(answer.body, response, answers) } : answer;
}

async function* held(body: AsyncIterable<Uint8Array>, response: ServerResponse, answers: AnswerBudget) {
  try {
    for await (const chunk of body) {
      answers.hold(response, chunk.length);
      yield chunk;
      answers.letGo(response);
    }
  } finally {
    answers.letGo(response);
  }
}
