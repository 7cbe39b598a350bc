import type { DescMessage, DescMethodStreaming, DescMethodUnary, MessageInitShape } from '@bufbuild/protobuf';
import { MethodOptions_IdempotencyLevel } from '@bufbuild/protobuf/wkt';
import {
  type ContextValues,
  createContextKey,
  type StreamResponse,
  type Transport,
  type UnaryResponse,
} from '@connectrpc/connect';
import { errorOf } from '../errors/error-of.js';
import { RetryBudget, type RetryOptions, retryDelayMs } from './retry-policy.js';
import type { Timing } from './timing.js';

/** Longest time of a timer, 24.8 days; one for longer fires at once. */
const timerMsMax = 2 ** 31 - 1;

type Headers = Parameters<Transport['unary']>[3];

/** Set to true on a call that does no more when it is sent twice. */
export const repeatable = createContextKey(false, { description: 'the call may be sent twice' });

export interface ResilienceOptions {
  /** Undefined: nothing is sent again. */
  readonly retry: RetryOptions | undefined;
  /** Of a call that says none, milliseconds; its retries included. */
  readonly timeoutMs: number;
  readonly timing: Timing;
}

/**
 * A transport with deadlines, retries and the one error type around another. Streams are not sent again: what they
 * began cannot be taken back.
 */
export class ResilientTransport implements Transport {
  readonly #inner: Transport;
  readonly #options: ResilienceOptions;
  readonly #budget: RetryBudget;

  constructor(inner: Transport, options: ResilienceOptions) {
    this.#inner = inner;
    this.#options = options;
    this.#budget = new RetryBudget(options.retry?.budgetRatio ?? 0);
  }

  async unary<I extends DescMessage, O extends DescMessage>(
    method: DescMethodUnary<I, O>,
    signal: AbortSignal | undefined,
    timeoutMs: number | undefined,
    header: Headers,
    input: MessageInitShape<I>,
    contextValues?: ContextValues,
  ): Promise<UnaryResponse<I, O>> {
    const { retry, timing } = this.#options;
    const endMs = timing.nowMs() + (timeoutMs ?? this.#options.timeoutMs);
    const mayRepeat =
      method.idempotency !== MethodOptions_IdempotencyLevel.IDEMPOTENCY_UNKNOWN ||
      (contextValues?.get(repeatable) ?? false);
    this.#budget.earn();
    for (let attempts = 1; ; attempts++) {
      const remainingMs = Math.min(timerMsMax, Math.max(1, Math.ceil(endMs - timing.nowMs())));
      try {
        return await this.#inner.unary(method, signal, remainingMs, header, input, contextValues);
      } catch (thrown) {
        const failure = errorOf(thrown);
        const facts = { attempts, repeatable: mayRepeat, remainingMs: endMs - timing.nowMs() };
        const waitMs = retry && retryDelayMs(failure, facts, retry, timing.random());
        if (waitMs === undefined || signal?.aborted || !this.#budget.spend()) throw failure;
        await timing.sleep(waitMs, signal);
      }
    }
  }

  async stream<I extends DescMessage, O extends DescMessage>(
    method: DescMethodStreaming<I, O>,
    signal: AbortSignal | undefined,
    timeoutMs: number | undefined,
    header: Headers,
    input: AsyncIterable<MessageInitShape<I>>,
    contextValues?: ContextValues,
  ): Promise<StreamResponse<I, O>> {
    const endsMs = timeoutMs === undefined ? undefined : Math.min(timerMsMax, timeoutMs);
    try {
      const response = await this.#inner.stream(method, signal, endsMs, header, input, contextValues);
      return { ...response, message: translated(response.message) };
    } catch (thrown) {
      throw errorOf(thrown);
    }
  }
}

async function* translated<T>(messages: AsyncIterable<T>): AsyncGenerator<T> {
  try {
    yield* messages;
  } catch (thrown) {
    throw errorOf(thrown);
  }
}
