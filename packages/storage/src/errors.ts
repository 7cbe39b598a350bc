import { type ErrorCode, type ErrorFields, RelaisError } from '@relais/kit';

/** A failure raised by this role. */
export function storageError(code: ErrorCode, reason: string, message: string, fields: ErrorFields = {}): RelaisError {
  return new RelaisError(code, message, { ...fields, reason, component: 'storage' });
}

/** Whatever was thrown, as a failure of this role. */
export function storageFailure(thrown: unknown): RelaisError {
  return RelaisError.from(thrown).with({ component: 'storage' });
}

/** A record, or a stretch of them, cannot be trusted; everything else is still served. */
export function recordCorrupt(what: string, nextStep: string, cause?: unknown): RelaisError {
  return storageError(
    'internal',
    'record_corrupt',
    `The stored record ${what} is damaged and was not used. ${nextStep}`,
    {
      ...(cause === undefined ? {} : { cause }),
    },
  );
}

/** A bound on input was exceeded. */
export function overLimit(name: string, limit: number, used: number, message: string): RelaisError {
  return storageError('invalid_argument', 'out_of_bounds', message, { limit: { name, limit, used } });
}
