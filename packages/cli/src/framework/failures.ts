import { type ErrorFacts, RelaisError } from '@relais/sdk';

/** Raised before a platform was asked. */
export const component = 'cli';

function refused(reason: string, message: string, more: ErrorFacts = {}): RelaisError {
  return new RelaisError('invalid_argument', message, { reason, component, ...more });
}

/** The command line itself is wrong. */
export function wrongUse(message: string): RelaisError {
  return refused('wrong_use', message);
}

export function noSuchFile(path: string): RelaisError {
  return refused('no_such_file', `There is no file or directory "${path}".`);
}

export function unreadable(path: string, cause: unknown): RelaisError {
  if (codeOf(cause) === 'ENOENT') return noSuchFile(path);
  if (codeOf(cause) === 'EISDIR') return refused('unreadable_file', `"${path}" is a directory.`, { cause });
  const what = cause instanceof Error ? cause.message.replace(/^[A-Z]+: /, '') : String(cause);
  return refused('unreadable_file', `"${path}" cannot be read: ${what}.`, { cause });
}

/** More than any platform takes. */
export function tooLarge(path: string, bytesMax: number): RelaisError {
  return refused('too_large', `"${path}" is larger than ${bytesMax / 2 ** 20} MiB, more than any platform takes.`);
}

export function unwritable(path: string, cause: unknown): RelaisError {
  const what = cause instanceof Error ? cause.message.replace(/^[A-Z]+: /, '') : String(cause);
  return refused('unwritable_file', `"${path}" cannot be written: ${what}.`, { cause });
}

function codeOf(cause: unknown): unknown {
  return typeof cause === 'object' && cause !== null && 'code' in cause ? cause.code : undefined;
}

/** What is wrong with a settings file, one mistake a line. */
export function badSettings(path: string, mistakes: readonly string[]): RelaisError {
  return refused('bad_settings', [`${path} has mistakes:`, ...mistakes].join('\n'));
}

export function fileExists(path: string): RelaisError {
  return new RelaisError('already_exists', `"${path}" is there already and is left as it is.`, {
    reason: 'file_exists',
    component,
  });
}
