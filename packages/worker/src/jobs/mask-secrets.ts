import { RelaisError } from '@relais/kit';
import type { CallOutcome } from '../runtimes/runtime.js';

const mask = '***';
// Shorter ones are parts of any text.
const charactersMin = 4;

/** Whether there are secrets at all. */
export function hasAny(secrets: Readonly<Record<string, string>>): boolean {
  for (const _ in secrets) return true;
  return false;
}

/**
 * An outcome whose logs and failure say "***" where they said a secret: functions print their configuration, and errors of
 * libraries quote what they were given. What the function answers is its own affair.
 */
export function withoutSecrets(outcome: CallOutcome, secrets: Readonly<Record<string, string>>): CallOutcome {
  const values = Object.values(secrets)
    .filter((value) => value.length >= charactersMin)
    // One that holds another goes first, else a part of it would stay.
    .sort((a, b) => b.length - a.length);
  const masked = (text: string) => values.reduce((rest, value) => rest.replaceAll(value, mask), text);
  const { logs, result } = outcome;
  return {
    ...outcome,
    logs: masked(logs),
    result: result.ok ? result : { ok: false, error: withText(result.error, masked) },
  };
}

function withText(error: RelaisError, masked: (text: string) => string): RelaisError {
  // The cause is for our log, and may quote anything.
  const { cause: _, exit, ...fields } = error.fields;
  const told = exit && { ...exit, stack: masked(exit.stack), stderrTail: masked(exit.stderrTail) };
  return new RelaisError(error.code, masked(error.message), { ...fields, ...(told ? { exit: told } : {}) });
}
