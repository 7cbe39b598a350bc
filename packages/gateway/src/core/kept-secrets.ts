import type { FunctionVersion } from '@relais/contracts';
import { RelaisError } from '@relais/kit';
import type { Caller } from './caller.js';

/**
 * Who names a secret can read it, in the function: a key for some functions may only keep what the current version names.
 * Throws permission_denied reason function_not_allowed when it would give the function another.
 */
export function checkKeepsSecrets(
  { functions }: Caller,
  current: FunctionVersion | undefined,
  secrets: readonly string[],
): void {
  if (!functions) return;
  const added = secrets.find((secret) => !current?.config?.secrets.includes(secret));
  if (added === undefined) return;
  const message = `A key for some functions only cannot give a function the secret ${added}; use one without that limit.`;
  throw new RelaisError('permission_denied', message, { reason: 'function_not_allowed', component: 'gateway' });
}
