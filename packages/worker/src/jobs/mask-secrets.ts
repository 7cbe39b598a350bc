import { RelaisError } from '@relais/kit';
import type { UserSpan } from '../processes/user-spans.js';
import type { CallOutcome } from '../runtimes/runtime.js';
import { type Cut, masked } from './masked-text.js';

/** Whether there are secrets at all. */
export function hasAny(secrets: Readonly<Record<string, string>>): boolean {
  for (const _ in secrets) return true;
  return false;
}

/**
 * An outcome whose logs, failure and spans say "***" where they said a secret: functions print their configuration, and errors
 * of libraries quote what they were given. What the function answers is its own affair.
 */
export function withoutSecrets(outcome: CallOutcome, secrets: Readonly<Record<string, string>>): CallOutcome {
  const values = Object.values(secrets);
  const { logs, logsTruncated, result, spans } = outcome;
  return {
    ...outcome,
    logs: masked(logs, values, logsTruncated ? 'end' : 'nowhere'),
    result: result.ok ? result : { ok: false, error: withText(result.error, values) },
    ...(spans ? { spans: spans.map((span) => withoutValues(span, values)) } : {}),
  };
}

function withoutValues(span: UserSpan, values: readonly string[]): UserSpan {
  const told = (text: string) => masked(text, values, 'end');
  const attributes = Object.entries(span.attributes).map(([name, value]) => [
    told(name),
    typeof value === 'string' ? told(value) : value,
  ]);
  return { ...span, name: told(span.name), attributes: Object.fromEntries(attributes) };
}

function withText(error: RelaisError, values: readonly string[]): RelaisError {
  // Shims cut them, Python's a stack at its start; what is left when paths are taken out does not tell whether that was so.
  const told = (text: string, cut: Cut) => masked(text, values, cut);
  // The cause is for our log, and may quote anything.
  const { cause: _, exit, ...fields } = error.fields;
  const left = exit && {
    ...exit,
    stack: told(exit.stack, 'both ends'),
    stderrTail: told(exit.stderrTail, 'both ends'),
  };
  return new RelaisError(error.code, told(error.message, 'end'), { ...fields, ...(left ? { exit: left } : {}) });
}
