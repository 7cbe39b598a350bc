import { RelaisError } from '@relais/kit';

/** A call under way in a function that is being closed. */
export interface OpenCall {
  /** Whether the function's own code has begun. */
  readonly hasBegun: boolean;
  cancel(failure: RelaisError): void;
}

export function shuttingDown(): RelaisError {
  return new RelaisError('unavailable', 'The worker that had this call is shutting down.', {
    reason: 'shutting_down',
    component: 'worker',
  });
}

/** What the function's own code has not begun with need not fail: another worker can do it. The rest may have been done. */
export function shutDown(calls: Iterable<OpenCall>): void {
  const open = [...calls];
  // These first: the end of another may be what they wait for.
  for (const call of open.filter(({ hasBegun }) => !hasBegun)) call.cancel(shuttingDown().with({ notStarted: true }));
  for (const call of open.filter(({ hasBegun }) => hasBegun)) call.cancel(shuttingDown().with({ retryable: false }));
}
