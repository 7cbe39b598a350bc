import { invalid } from './failures.js';

const nameForm = /^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$/;
// A name, a name with its version's unix seconds, a name with @VERSION or :ALIAS.
const referenceForm = /^[A-Za-z0-9][A-Za-z0-9_-]{0,84}(?:@[1-9][0-9]{0,8}|:[A-Za-z0-9][A-Za-z0-9_-]{0,62})?$/;

/** Whether a text is a function name. */
export function isName(text: string): boolean {
  return nameForm.test(text);
}

/** The name in a function reference of whatever kind. */
export function nameOfReference(reference: string): string {
  const mark = reference.search(/[@:]/);
  return mark < 0 ? reference.replace(/_\d{9,}$/, '') : reference.slice(0, mark);
}

/** Throws invalid_argument reason bad_name unless it is a function name. */
export function checkName(name: string): void {
  if (nameForm.test(name)) return;
  throw invalid(
    'bad_name',
    `${shown(name)} is not a function name: letters, digits, "_" and "-", beginning with a letter or digit, at most 63.`,
  );
}

/** Throws invalid_argument reason bad_reference unless it has the form of a function reference. */
export function checkReference(reference: string): void {
  if (referenceForm.test(reference)) return;
  throw invalid(
    'bad_reference',
    `${shown(reference)} does not name a function: give NAME, NAME_UNIXSECONDS (the id) or NAME@VERSION.`,
  );
}

function shown(text: string): string {
  if (text === '') return 'An empty text';
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text);
}
