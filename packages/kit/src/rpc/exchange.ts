import type { CallContext } from './context.js';

/**
 * Many questions and answers at once over whatever lies between: a role in the same process, or a multiplexed stream.
 * Rejects with RelaisError only. When `context.signal` fires the answer is no longer wanted: what has not started is
 * dropped and the promise rejects with code cancelled.
 */
export interface Exchange<Question, Answer> {
  exchange(question: Question, context: CallContext): Promise<Answer>;
}
