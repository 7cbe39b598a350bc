import type { RelaisError } from '@relais/sdk';
import { component } from './failures.js';

/** What a command ends with, for scripts. */
export const exitCodes = [
  { code: 0, name: 'done', when: 'it did what was asked' },
  { code: 1, name: 'failed', when: 'anything that has no code of its own' },
  { code: 2, name: 'usage', when: 'the command line, a file or a setting is wrong; nothing was sent' },
  { code: 3, name: 'unreachable', when: 'the platform does not answer, or not now' },
  { code: 4, name: 'denied', when: 'no key, a wrong one, or one without that right' },
  { code: 5, name: 'absent', when: 'there is no such function, version, worker or invocation' },
  { code: 6, name: 'taken', when: 'the name is taken' },
  {
    code: 7,
    name: 'refused',
    when: 'the platform refused the request: a bad name, source that does not compile, a toolchain that is absent',
  },
  { code: 8, name: 'function', when: 'the function failed or hit one of its limits' },
  { code: 9, name: 'late', when: 'the time was up' },
  { code: 10, name: 'busy', when: 'a queue, a quota or a size was exceeded' },
  {
    code: 130,
    name: 'interrupted',
    when: 'Ctrl-C before it was done; dev, top and logs, which run until then, end with 0',
  },
  { code: 141, name: 'unread', when: 'whoever read its output went away' },
] as const;

type ExitName = (typeof exitCodes)[number]['name'];

const names: Partial<Record<RelaisError['code'], ExitName>> = {
  unavailable: 'unreachable',
  unauthenticated: 'denied',
  permission_denied: 'denied',
  not_found: 'absent',
  already_exists: 'taken',
  invalid_argument: 'refused',
  failed_precondition: 'refused',
  aborted: 'function',
  deadline_exceeded: 'late',
  resource_exhausted: 'busy',
  cancelled: 'interrupted',
};

/** The exit code of a failure. */
export function exitCodeOf(failure: RelaisError): number {
  // Wrong settings of a platform that was to start; a running one refuses those of a function.
  const isLocal =
    failure.component === component || (failure.reason === 'bad_config' && failure.component === 'platform');
  return codeNamed(isLocal && failure.code === 'invalid_argument' ? 'usage' : (names[failure.code] ?? 'failed'));
}

function codeNamed(name: ExitName): number {
  return exitCodes.find((entry) => entry.name === name)?.code ?? 1;
}
