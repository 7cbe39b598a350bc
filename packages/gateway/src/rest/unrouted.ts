import { RelaisError } from '@relais/kit';
import { failed, type RestAnswer } from './answer.js';

/** The answer to a path that does not exist. */
export function unknownPath(path: string, traceparent: string): RestAnswer {
  const message = `There is nothing at ${JSON.stringify(path.slice(0, 120))}; GET / lists what there is.`;
  const fields = { reason: 'unknown_path', component: 'gateway' };
  return failed(new RelaisError('not_found', message, fields), traceparent);
}

/** The answer to a method a path does not have; 405 with what it has. */
export function methodNotAllowed(method: string, allowed: readonly string[], traceparent: string): RestAnswer {
  const list = allowed.join(', ');
  const message = `${method.slice(0, 40)} is not a method of this path; use ${list}.`;
  const fields = { reason: 'method_not_allowed', component: 'gateway' };
  return failed(new RelaisError('invalid_argument', message, fields), traceparent, { allow: list });
}
