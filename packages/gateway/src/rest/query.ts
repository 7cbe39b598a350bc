import { invalid } from '../core/failures.js';
import { closest } from '../core/suggest.js';

/** Decodes percent-encoded text. Throws invalid_argument reason bad_encoding. */
export function decodeText(text: string, what: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw invalid('bad_encoding', `The ${what} is not valid percent-encoded UTF-8; encode "%" itself as %25.`);
  }
}

/** The name and value of each query parameter, decoded, in order. */
export function parseQuery(query: string): [name: string, value: string][] {
  if (query === '') return [];
  return query
    .split('&')
    .filter((pair) => pair !== '')
    .map((pair) => {
      const at = pair.indexOf('=');
      const name = at < 0 ? pair : pair.slice(0, at);
      const value = at < 0 ? '' : pair.slice(at + 1);
      return [decodePart(name), decodePart(value)];
    });
}

/**
 * The values of known parameters, each at most once. Throws invalid_argument reason unknown_parameter (with the name that
 * was meant, when it is near) or duplicate_parameter.
 */
export function knownParameters<Name extends string>(
  query: string,
  names: readonly Name[],
): { readonly [key in Name]?: string } {
  const found: { [key in Name]?: string } = {};
  for (const [name, value] of parseQuery(query)) {
    const known = names.find((candidate) => candidate === name);
    if (known === undefined) throw unknownParameter(name, names);
    if (found[known] !== undefined) throw duplicateParameter(name);
    found[known] = value;
  }
  return found;
}

/** The failure for a parameter that is none of the names. */
export function unknownParameter(name: string, names: readonly string[]): Error {
  const hint = closest(name, names);
  const meant = hint ? `did you mean "${hint}"?` : `Known are: ${names.join(', ') || 'none'}.`;
  return invalid('unknown_parameter', `There is no query parameter ${JSON.stringify(name.slice(0, 80))}; ${meant}`);
}

/** The failure for a parameter given twice. */
export function duplicateParameter(name: string): Error {
  return invalid('duplicate_parameter', `The query parameter "${name}" is given more than once; give it once.`);
}

function decodePart(text: string): string {
  return decodeText(text.includes('+') ? text.replaceAll('+', ' ') : text, 'query');
}
