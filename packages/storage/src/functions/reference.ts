import { storageError } from '../errors.js';

const nameForm = /^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$/;
const idForm = /^(.+)_(\d{9,12})$/;
const idLike = /_\d{9,}$/;
const versionForm = /^[1-9]\d{0,8}$/;

/** What a function reference names. */
export type Reference =
  | { readonly kind: 'current'; readonly name: string }
  | { readonly kind: 'id'; readonly name: string; readonly seconds: number }
  | { readonly kind: 'number'; readonly name: string; readonly version: number };

/**
 * Reads a function reference: NAME, NAME_UNIXSECONDS or NAME@VERSION.
 *
 * A name may itself hold "_" and digits ("hello_12"), but none may end in "_" and nine or more digits (see
 * {@link mustBeName}). So whatever ends that way is an id, its last "_" parts name and seconds, and an id can never come
 * to mean anything else. Throws `invalid_argument` reason `invalid_reference`, or `alias_unsupported` for NAME:ALIAS.
 */
export function parseReference(text: string): Reference {
  if (text.includes(':')) {
    const message = 'Aliases (NAME:ALIAS) are not supported yet; use NAME, NAME_UNIXSECONDS or NAME@VERSION.';
    throw storageError('invalid_argument', 'alias_unsupported', message);
  }
  const reference = read(text);
  if (reference && nameForm.test(reference.name)) return reference;
  const message = `${quoted(text)} is not a function reference; use NAME, NAME_UNIXSECONDS or NAME@VERSION.`;
  throw storageError('invalid_argument', 'invalid_reference', message);
}

function read(text: string): Reference | undefined {
  const [name = '', version, ...rest] = text.split('@');
  if (version !== undefined) {
    return versionForm.test(version) && rest.length === 0 && !idLike.test(name)
      ? { kind: 'number', name, version: Number(version) }
      : undefined;
  }
  const [, idName, seconds] = idForm.exec(text) ?? [];
  if (idName !== undefined) return { kind: 'id', name: idName, seconds: Number(seconds) };
  return idLike.test(text) ? undefined : { kind: 'current', name: text };
}

/**
 * Throws `invalid_argument` unless a function may have this name: reason `invalid_name`, or `name_looks_like_id` when it
 * ends in "_" and nine or more digits, since ids name exact versions for ever.
 */
export function mustBeName(name: string): void {
  if (!nameForm.test(name)) {
    const message = `${quoted(name)} is not a function name; use 1 to 63 of A-Z a-z 0-9 _ -, beginning with a letter or digit.`;
    throw storageError('invalid_argument', 'invalid_name', message);
  }
  if (idLike.test(name)) {
    const message = `${quoted(name)} looks like the id of a version (NAME_UNIXSECONDS); choose a name that does not end in "_" and nine or more digits.`;
    throw storageError('invalid_argument', 'name_looks_like_id', message);
  }
}

/** The id of a version. */
export function formatId(name: string, seconds: number): string {
  return `${name}_${seconds}`;
}

/** The seconds of an id made by {@link formatId}. */
export function secondsOf(id: string): number {
  return Number(id.slice(id.lastIndexOf('_') + 1));
}

function quoted(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text);
}
