import { RelaisError } from '@relais/kit';
import type { FunctionState } from '../functions/function-state.js';

const component = 'balancer';

export function emptyJob(): RelaisError {
  return new RelaisError('invalid_argument', 'The job says neither what to run nor what to build.', {
    component,
    reason: 'empty_job',
  });
}

export function notServing(): RelaisError {
  return new RelaisError(
    'unavailable',
    'The balancer is not taking calls: it is starting or stopping. Try again soon.',
    {
      component,
      reason: 'shutting_down',
    },
  );
}

/** A bound on what may wait was hit; `limit.name` says which. */
export function queueFull(fn: FunctionState, limitName: string, limit: number, used: number, retryAfterMs: number) {
  const whose = limitName === 'queueLengthMax' ? `The queue of ${fn.name}` : 'The queue of the platform';
  const advice = `try again in ${Math.ceil(retryAfterMs)} ms`;
  return new RelaisError('resource_exhausted', `${whose} is full (${limitName} ${limit}); ${advice}.`, {
    component,
    reason: 'queue_full',
    limit: { name: limitName, limit, used },
    retryAfterMs,
    ...(limitName === 'queueLengthMax' ? {} : { fault: 'platform' as const }),
  });
}

export function noWorker(fn: FunctionState, waitedMs: number, why: string): RelaisError {
  const what = fn.isBuild ? 'builds' : 'runs';
  const reason = why ? ` ${why}` : '';
  return new RelaisError(
    'unavailable',
    `No attached worker ${what} ${fn.pool.lang}; waited ${Math.round(waitedMs)} ms for one.${reason}`,
    { component, reason: 'no_worker' },
  );
}

export function expiredInQueue(fn: FunctionState): RelaisError {
  return new RelaisError(
    'deadline_exceeded',
    `The time budget of ${fn.name} was used up while it waited for a worker.`,
    {
      component,
      reason: 'timeout',
      fault: 'platform',
    },
  );
}

export function expiredRunning(fn: FunctionState): RelaisError {
  return new RelaisError('deadline_exceeded', `${fn.name} did not finish within its time budget and was stopped.`, {
    component,
    reason: 'timeout',
  });
}

/** The balancer's grace ended before the job did. */
export function stoppedRunning(fn: FunctionState): RelaisError {
  return new RelaisError('unavailable', `The balancer stopped before ${fn.name} was answered; it may have run.`, {
    component,
    reason: 'shutting_down',
    retryable: fn.isBuild,
  });
}

/** It may have run. Building has no effect outside, so it may be tried again; a call must not be, unknown to its owner. */
export function workerLost(fn: FunctionState, why: string): RelaisError {
  const mayRepeat = fn.isBuild;
  const advice = mayRepeat ? 'Try again.' : 'It may have run: repeat it only if that does no harm.';
  return new RelaisError('unavailable', `The worker that had ${fn.name} ${why}. ${advice}`, {
    component,
    reason: 'worker_lost',
    retryable: mayRepeat,
  });
}

/** It has not run. */
export function movedTooOften(fn: FunctionState, moves: number): RelaisError {
  return new RelaisError(
    'unavailable',
    `${moves} workers in a row were lost before ${fn.name} began; it has not run.`,
    {
      component,
      reason: 'worker_lost',
      retryable: true,
    },
  );
}

export function cancelled(): RelaisError {
  return new RelaisError('cancelled', 'The caller gave the call up.', { component });
}

export function emptyResult(): RelaisError {
  return new RelaisError('internal', 'A worker answered a job without an outcome.', {
    component,
    reason: 'empty_result',
  });
}
