import { type ErrorFields, RelaisError } from '@relais/kit';

/** A request the caller must change. */
export function invalid(reason: string, message: string, fields: ErrorFields = {}): RelaisError {
  return new RelaisError('invalid_argument', message, { reason, component: 'gateway', ...fields });
}

/** The operator lets functions reach only what they name. */
export function networkHostRefused(): RelaisError {
  const message =
    'Functions of this platform reach only hosts they name: deploy with network=allow:HOST:PORT, or have its operator start it with --network-host allow.';
  return new RelaisError('failed_precondition', message, { reason: 'network_host_refused', component: 'gateway' });
}

/** A payload or source over its bound; 413 on REST. `used` is 0 when it cannot be known. */
export function tooLarge(what: string, name: string, limit: number, used: number): RelaisError {
  return new RelaisError('resource_exhausted', `The ${what} is larger than ${limit} bytes; send less.`, {
    reason: 'payload_too_large',
    component: 'gateway',
    retryable: false,
    limit: { name, limit, used },
  });
}

/** Our own role or one behind it broke the contract between them. */
export function brokenContract(message: string): RelaisError {
  return new RelaisError('internal', message, { component: 'gateway' });
}

/** What ended with the deadline that the caller itself set. */
export function callerDeadline(failure: RelaisError): RelaisError {
  const message = 'The deadline that came with the request has passed.';
  return new RelaisError('deadline_exceeded', message, {
    ...failure.fields,
    reason: 'caller_deadline',
    fault: 'caller',
  });
}

/** As many look on at something as may. */
export function tooManyLookOn(limitName: string, limit: number): RelaisError {
  return new RelaisError('resource_exhausted', `${limit} already look on; end one of them first.`, {
    reason: 'busy',
    component: 'gateway',
    limit: { name: limitName, limit, used: limit },
  });
}
