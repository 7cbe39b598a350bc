import { type ErrorFields, RelaisError } from '@relais/kit';

/** The archive cannot be used: invalid_argument reason bad_archive. `message` says what is wrong and what to do. */
export function badArchive(message: string, fields: Pick<ErrorFields, 'cause' | 'limit'> = {}): RelaisError {
  return new RelaisError('invalid_argument', message, { reason: 'bad_archive', component: 'worker', ...fields });
}

/** One entry of the archive cannot be used: `why` completes "The archive's entry NAME …". */
export function badEntry(name: string, why: string, cause?: unknown): RelaisError {
  return badArchive(`The archive's entry ${quoteName(name)} ${why}.`, cause === undefined ? {} : { cause });
}

export function damaged(cause?: unknown): RelaisError {
  const why = cause instanceof Error ? `: ${cause.message}` : '';
  return badArchive(`The archive is truncated or damaged${why}. Pack it again.`, cause === undefined ? {} : { cause });
}

/** `used` is what was seen when reading stopped, so it may be less than all there is. */
export function beyondLimit(what: string, name: string, limit: number, used: number): RelaisError {
  return badArchive(`The archive has more than ${limit} ${what}.`, { limit: { name, limit, used } });
}

/** A name of an untrusted archive, fit for a message. */
export function quoteName(name: string): string {
  const charsMax = 120;
  return JSON.stringify(name.length > charsMax ? `${name.slice(0, charsMax)}…` : name);
}
