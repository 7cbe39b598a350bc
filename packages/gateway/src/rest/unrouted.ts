import { RelaisError } from '@relais/kit';
import { failed, type RestAnswer } from './answer.js';

/** The answer to a path that does not exist. */
export function unknownPath(path: string): RestAnswer {
  const message = `There is nothing at ${JSON.stringify(path.slice(0, 120))}; GET / lists what there is.`;
  return failed(new RelaisError('not_found', message, { reason: 'unknown_path', component: 'gateway' }));
}

/** The answer to a method a path does not have; 405 with what it has. */
export function methodNotAllowed(method: string, allowed: readonly string[]): RestAnswer {
  const list = allowed.join(', ');
  const message = `${method.slice(0, 40)} is not a method of this path; use ${list}.`;
  const fields = { reason: 'method_not_allowed', component: 'gateway' };
  return failed(new RelaisError('invalid_argument', message, fields), { allow: list });
}
