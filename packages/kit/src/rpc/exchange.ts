import type { CallContext } from './context.js';
import type { Flow } from './flow.js';

/**
 * Many questions and answers at once over whatever lies between: a role in the same process, or a multiplexed stream.
 * Rejects with RelaisError only. When `context.signal` fires the answer is no longer wanted: what has not started is
 * dropped and the promise rejects with code cancelled. Where a question asks for its answer in parts they come by the
 * flow, all before the promise settles.
 */
export interface Exchange<Question, Answer, Part = never> {
  exchange(question: Question, context: CallContext, flow?: Flow<Part>): Promise<Answer>;
}
