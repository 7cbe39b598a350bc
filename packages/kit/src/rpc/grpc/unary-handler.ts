import type { handleUnaryCall, Metadata } from '@grpc/grpc-js';
import { RelaisError } from '../../errors/relais-error.js';
import type { Logger } from '../../logging/logger.js';
import { traceField } from '../../telemetry/traceparent.js';
import { Cancellation } from '../cancellation.js';
import type { CallContext } from '../context.js';
import { budgetMsMax } from './bounds.js';
import type { ServiceHost } from './service-host.js';
import { takeSpans } from './spans-trailer.js';
import { statusOf } from './status.js';

export type UnaryFunction = (request: unknown, context: CallContext) => Promise<unknown>;

/** Adapts one method of a role to grpc-js: budget from the deadline, signal on cancel, failures with their detail. */
export function unaryHandler(
  run: UnaryFunction,
  path: string,
  component: string,
  { carrier, logger }: Pick<ServiceHost, 'carrier' | 'logger'>,
): handleUnaryCall<unknown, unknown> {
  return (call, respond) => {
    const signal = new Cancellation();
    const cancel = () => signal.cancel();
    call.once('cancelled', cancel);
    const budgetMs = budgetOf(call.getDeadline());
    const traceparent = traceparentOf(call.metadata);
    const context = traceparent ? { budgetMs, signal, traceparent } : { budgetMs, signal };
    const answer = async () => {
      try {
        return { value: await run(call.request, context) };
      } catch (thrown) {
        return { status: statusOf(failureOf(thrown, path, component, logger, traceparent)) };
      }
    };
    void answer().then(({ value, status }) => {
      // grpc-js emits it after answered calls too, and a signal must not fire then.
      call.off('cancelled', cancel);
      const trailer = takeSpans(carrier, traceparent, status?.metadata);
      respond(status ?? null, value, trailer);
    });
  };
}

/** The failure as the caller gets it; what we did not expect is logged here and nowhere else. */
export function failureOf(
  thrown: unknown,
  path: string,
  component: string,
  logger: Logger,
  traceparent?: string,
): RelaisError {
  const error = RelaisError.from(thrown);
  if (!RelaisError.is(thrown)) {
    logger.error({ err: thrown, path, ...traceField(traceparent) }, 'a call failed on our own account');
  }
  return error.with({ component });
}

export function traceparentOf(metadata: Metadata): string | undefined {
  const value = metadata.get('traceparent')[0];
  return typeof value === 'string' ? value : undefined;
}

function budgetOf(deadline: Date | number): number {
  const leftMs = Number(deadline) - Date.now();
  return Number.isFinite(leftMs) ? Math.max(0, leftMs) : budgetMsMax;
}
