import { type Logger, traceIdOf } from '@relais/kit';
import type { CallReport } from './call-report.js';

/** Which calls get a line: none, those that failed, or all. */
export type AccessLogMode = 'off' | 'failed' | 'all';

/** One line for each call of a function. Failures that are not the caller's are warnings, all else is info. */
export class AccessLog {
  readonly #logger: Logger;
  readonly #mode: AccessLogMode;

  constructor(logger: Logger, mode: AccessLogMode) {
    this.#logger = logger;
    this.#mode = mode;
  }

  called({ endMs, failure, functionId, invocationId, result, startMs, traceparent }: CallReport): void {
    if (this.#mode === 'off' || (this.#mode === 'failed' && !failure)) return;
    const fields = {
      invocationId,
      traceId: traceIdOf(traceparent),
      function: functionId,
      code: failure?.code ?? 'ok',
      ...(failure?.fields.reason ? { reason: failure.fields.reason } : {}),
      durationMs: Math.round((endMs - startMs) * 1000) / 1000,
      workerId: result?.workerId ?? '',
    };
    if (failure && failure.fault !== 'caller') this.#logger.warn(fields, 'a call failed');
    else this.#logger.info(fields, failure ? 'a call was refused' : 'a call ended');
  }
}
