// docs/errors.md, made of the registry of codes and of what the source raises.
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { errorCodes } from '@relais/kit';

const root = join(import.meta.dirname, '../..');

/** When a code is answered; a code without words here fails the test that makes the page. */
const when = {
  invalid_argument: 'a bad name, an unknown language, source that does not compile, malformed JSON',
  unauthenticated: 'no key, or a wrong one',
  permission_denied: 'a key without that right',
  not_found: 'no such function, version, invocation or path',
  already_exists: 'the name is taken; an idempotency key was used with another payload',
  failed_precondition: 'a toolchain is absent; an alias is in use',
  resource_exhausted: 'a queue is full, a rate or concurrency limit is reached; 413 for a payload over its limit',
  deadline_exceeded:
    "the function's time was up; `timings` says where it went: queued, cold start, running. Fault platform where it waited all the time, or was at a worker that was held up by another call or hung",
  aborted:
    'the function threw, exited with another code than 0, trapped, or hit one of its limits; `exit` and `limit` say how',
  cancelled: 'the caller gave the call up',
  unimplemented: 'there is no such procedure',
  unavailable:
    'no worker, one was lost, or a role is starting or stopping; `retryable` is no where it may have run, or a change may have been stored',
  internal: 'a mistake of ours; its cause is in the log of the platform',
};

/** @returns {string} the page */
export function errorPage() {
  const rows = Object.entries(errorCodes).map(([code, facts]) => {
    const { fault, grpcStatus, httpStatus, retryable } = facts;
    const said = when[code];
    if (said === undefined) throw new Error(`tools/docs/error-page.mjs does not say when ${code} is answered`);
    return `| \`${code}\` | ${httpStatus} | ${grpcStatus} | ${fault} | ${retryable ? 'yes' : 'no'} | ${said} |`;
  });
  const reasons = reasonsRaised().map(({ reason, roles }) => `| \`${reason}\` | ${roles.join(', ')} |`);
  return `# Errors

One shape everywhere. Over REST:

\`\`\`json
{"ok":false,"error":{"code":"not_found","message":"There is no function nobody.","reason":"function_not_found","fault":"caller","component":"storage","retryable":false,"traceId":"…"}}
\`\`\`

Over Connect, gRPC and gRPC-Web the status carries the same code, and a detail of type \`relais.v1.ErrorDetail\` the rest.
Decide by \`code\` and \`reason\`; the message is for people. Where there is more to say there is more: \`diagnostics\` of a
compiler, \`exit\` of a function, \`limit\`, \`timings\`, \`invocationId\`, \`retryAfterMs\` with the header \`Retry-After\`.

\`fault\` says whose it is: \`caller\` changes the request, \`function\` is for the author of the function, \`platform\` for who
runs Relais. The columns hold for a code; one failure may say otherwise.

| code | HTTP | gRPC | fault | retryable | when |
| --- | --- | --- | --- | --- | --- |
${rows.join('\n')}

## Reasons

The cause within a code; the code itself where there is no closer word.

| reason | raised by |
| --- | --- |
${reasons.join('\n')}
`;
}

const behindCode = new RegExp(`'(?:${Object.keys(errorCodes).join('|')})',\\s*'([a-z_]+)'`, 'g');

/** Every reason in the source, with the packages that raise it. */
function reasonsRaised() {
  const roles = new Map();
  for (const file of globSync('packages/{kit,storage,balancer,worker,gateway,platform}/src/**/*.ts', {
    cwd: root,
  }).sort()) {
    if (/\.test\.|\/(testing|conformance)\/|fixtures/.test(file)) continue;
    const text = readFileSync(join(root, file), 'utf8');
    const forms = [/\breason: '([a-z_]+)'/g, /\binvalid\(\s*'([a-z_]+)'/g, behindCode];
    for (const [, reason] of forms.flatMap((form) => [...text.matchAll(form)])) {
      const raisedBy = roles.get(reason) ?? new Set();
      roles.set(reason, raisedBy.add(file.split('/')[1]));
    }
  }
  return [...roles].sort(([a], [b]) => (a < b ? -1 : 1)).map(([reason, by]) => ({ reason, roles: [...by] }));
}
