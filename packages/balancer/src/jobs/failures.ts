import { RelaisError } from '@relais/kit';
import type { FunctionState } from '../functions/function-state.js';

const component = 'balancer';
/** A worker takes about this long to start and attach. */
const noWorkerAdviceMs = 1000;
/** A balancer takes about this long to come back. */
const notServingAdviceMs = 1000;

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
      retryAfterMs: notServingAdviceMs,
      notStarted: true,
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
    notStarted: true,
    ...(limitName === 'queueLengthMax' ? {} : { fault: 'platform' as const }),
  });
}

/** More of this function comes than its workers do: its queue is cut short before it is full. */
export function overloaded(fn: FunctionState, targetMs: number, standingMs: number, retryAfterMs: number) {
  const advice = `try again in ${Math.ceil(retryAfterMs)} ms`;
  return new RelaisError(
    'resource_exhausted',
    `Calls of ${fn.name} wait ${Math.round(standingMs)} ms at the least and ${fn.queue.size} do; ${advice}.${probationOf(fn)}`,
    {
      component,
      reason: 'overloaded',
      limit: { name: 'queueWaitTargetMs', limit: targetMs, used: Math.round(standingMs) },
      retryAfterMs,
      notStarted: true,
    },
  );
}

/** It would still be waiting, or running, when its time is over; nothing of that time has been used. */
export function wouldBeLate(fn: FunctionState, budgetMs: number, expectedMs: number, retryAfterMs: number) {
  const advice = `try again in ${Math.ceil(retryAfterMs)} ms or allow it more time`;
  return new RelaisError(
    'resource_exhausted',
    `${fn.name} would take ${Math.round(expectedMs)} ms behind the ${fn.queue.size} calls that wait, and has ${Math.round(budgetMs)} ms; ${advice}.${probationOf(fn)}`,
    {
      component,
      reason: 'would_be_late',
      limit: { name: 'budgetMs', limit: Math.round(budgetMs), used: Math.round(expectedMs) },
      retryAfterMs,
      notStarted: true,
    },
  );
}

export function noWorker(fn: FunctionState, waitedMs: number, why: string): RelaisError {
  const what = fn.isBuild ? 'builds' : 'runs';
  const reason = why ? ` ${why}` : '';
  return new RelaisError(
    'unavailable',
    `No attached worker ${what} ${fn.pool.lang}; waited ${Math.round(waitedMs)} ms for one.${reason}`,
    { component, reason: 'no_worker', retryAfterMs: noWorkerAdviceMs, notStarted: true },
  );
}

export function expiredInQueue(fn: FunctionState): RelaisError {
  return notBegunInTime(fn, `The time budget of ${fn.name} was used up while it waited for a worker.`);
}

/** It had waited for so long that beginning it would have been in vain, and kept those after it. */
export function tooLateToBegin(fn: FunctionState, leftMs: number): RelaisError {
  const takesMs = Math.round(fn.trip.ms);
  return notBegunInTime(
    fn,
    `${fn.name} still waited with ${Math.round(leftMs)} ms of its time budget left, and takes ${takesMs}: it was not begun.`,
  );
}

function notBegunInTime(fn: FunctionState, message: string): RelaisError {
  return new RelaisError('deadline_exceeded', `${message}${probationOf(fn)}`, {
    component,
    reason: 'timeout',
    fault: fn.onProbation ? 'function' : 'platform',
    notStarted: true,
  });
}

/** What it had left when a worker had room was too little; that it waited is not the function's fault. */
export function expiredAfterWaiting(fn: FunctionState, leftMs: number): RelaisError {
  return new RelaisError(
    'deadline_exceeded',
    `${fn.name} had ${Math.round(leftMs)} ms of its time budget left when a worker had room for it, and did not finish in that.`,
    { component, reason: 'timeout', fault: 'platform' },
  );
}

export function expiredRunning(fn: FunctionState): RelaisError {
  return new RelaisError('deadline_exceeded', `${fn.name} did not finish within its time budget and was stopped.`, {
    component,
    reason: 'timeout',
  });
}

/** It is not to blame: its worker was busy with another call all the time, or hung. */
export function expiredHeldUp(fn: FunctionState): RelaisError {
  return new RelaisError(
    'deadline_exceeded',
    `The time budget of ${fn.name} was used up at a worker that was held up; it may not have begun.`,
    { component, reason: 'timeout', fault: 'platform' },
  );
}

/** The balancer's grace ended before the job did. */
export function stoppedRunning(fn: FunctionState): RelaisError {
  return new RelaisError('unavailable', `The balancer stopped before ${fn.name} was answered; it may have run.`, {
    component,
    reason: 'shutting_down',
    retryable: fn.isBuild,
  });
}

/** It may have run: only the function's owner can say whether running it again does harm; building has no effect outside. */
export function workerLost(fn: FunctionState, why: string, mayRepeat: boolean): RelaisError {
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
      notStarted: true,
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

/** What explains why calls of a function wait though workers have room. */
function probationOf({ badEnds, onProbation }: FunctionState): string {
  if (!onProbation) return '';
  const calls = badEnds === 1 ? 'call' : `${badEnds} calls`;
  return ` It is on probation: its last ${calls} had to be ended, and functions like that run one after another.`;
}
