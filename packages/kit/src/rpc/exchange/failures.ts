import { RelaisError } from '../../errors/relais-error.js';

/** A peer that restarts is back after about this long. */
const peerBackMs = 1_000;

export function cancelled(): RelaisError {
  return new RelaisError('cancelled', 'The caller no longer waits for the answer.');
}

export function connectionLost(peer: string, cause: RelaisError | undefined): RelaisError {
  return new RelaisError(
    'unavailable',
    `The link to ${peer} was lost before the answer came; it cannot be known whether the work was done.`,
    { reason: 'connection_lost', retryable: false, cause },
  );
}

export function noLink(peer: string): RelaisError {
  return new RelaisError('unavailable', `There is no link to ${peer}; nothing was sent. Check that it runs.`, {
    reason: 'peer_unreachable',
    retryAfterMs: peerBackMs,
    notStarted: true,
  });
}

export function noAnswer(peer: string): RelaisError {
  return new RelaisError('deadline_exceeded', `${peer} did not answer within the call's budget.`, {
    reason: 'peer_slow',
    fault: 'platform',
  });
}

/** This side's grace ended before the answer to what was sent came. */
export function stoppedWaiting(peer: string): RelaisError {
  return new RelaisError(
    'unavailable',
    `This side stopped before ${peer} answered; it cannot be known whether the work was done.`,
    { reason: 'stopping', retryable: false },
  );
}

/** Nothing was sent. */
export function stopping(peer: string): RelaisError {
  return new RelaisError('unavailable', `This side is stopping; ${peer} is no longer asked.`, { reason: 'stopping' });
}

export function draining(): RelaisError {
  return new RelaisError('unavailable', 'This role is stopping and takes nothing new; ask again.', {
    reason: 'stopping',
    retryAfterMs: peerBackMs,
    notStarted: true,
  });
}

export function tooManyOutstanding(peer: string, limit: number): RelaisError {
  return new RelaisError('resource_exhausted', `${limit} questions to ${peer} are unanswered; ask again later.`, {
    reason: 'outstanding_full',
    fault: 'platform',
    limit: { name: 'outstandingMax', limit, used: limit },
  });
}

export function backlogFull(peer: string, limit: number, used: number): RelaisError {
  return new RelaisError('resource_exhausted', `${peer} does not read as fast as it is asked; ask again later.`, {
    reason: 'backlog_full',
    fault: 'platform',
    limit: { name: 'backlogBytesMax', limit, used },
  });
}

export function creditExceeded(peer: string): RelaisError {
  return new RelaisError('internal', `${peer} sent more of an answer than it had credit for.`, {
    reason: 'credit_exceeded',
  });
}
