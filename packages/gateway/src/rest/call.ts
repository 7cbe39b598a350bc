import type { Clock, MetricSource, Span } from '@relais/kit';
import type { Caller } from '../core/caller.js';
import type { Core } from '../core/core.js';
import type { GatewayLimits } from '../limits.js';
import type { AnswerBudget } from '../net/answer-budget.js';
import type { BodyBudget } from '../net/body-budget.js';
import type { ServerRequest, ServerResponse } from '../net/messages.js';
import type { RestAnswer } from './answer.js';

/** What every REST handler of one gateway shares. */
export interface RestShared {
  readonly core: Core;
  readonly limits: GatewayLimits;
  readonly clock: Clock;
  readonly bodies: BodyBudget;
  readonly answers: AnswerBudget;
  /** Release of the platform. */
  readonly version: string;
  /** What GET /metrics shows. */
  readonly metricsShown: MetricSource | undefined;
}

/** One request on its way through a handler. */
export interface RestCall {
  readonly request: ServerRequest;
  readonly response: ServerResponse;
  /** Upper case, as sent. */
  readonly method: string;
  /** Percent-encoded, without the query. */
  readonly path: string;
  /** Percent-encoded, without "?". */
  readonly query: string;
  readonly span: Span;
  readonly caller: Caller;
}

/** Answers a request or rejects with RelaisError. */
export type RestHandler = (call: RestCall, shared: RestShared) => Promise<RestAnswer>;
