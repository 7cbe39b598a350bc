import { RelaisError } from '@relais/kit';
import { failed, ok, type RestAnswer } from './answer.js';
import type { RestCall, RestShared } from './call.js';

/** GET /healthz: this process answers. */
export async function healthz(): Promise<RestAnswer> {
  return ok({});
}

/**
 * GET /readyz: an ordinary request would succeed now, or 503 with the reasons why not. With ?verbose also what functions run
 * in on each host, and what keeps it from a stronger sandbox.
 */
export async function readyz(call: RestCall, { core }: RestShared): Promise<RestAnswer> {
  const reasons = await core.readiness.reasons(call.caller);
  if (reasons.length === 0)
    return ok({ ready: true, ...(isVerbose(call) ? { sandboxes: await sandboxes(call, core) } : {}) });
  const message = `Not ready: ${reasons.join(' ')}`;
  const fields = { reason: 'not_ready', component: 'gateway', retryAfterMs: 1_000 };
  return failed(new RelaisError('unavailable', message, fields), call.caller.traceparent);
}

function isVerbose({ query }: RestCall): boolean {
  return query.split('&').some((part) => part === 'verbose' || part.startsWith('verbose='));
}

async function sandboxes(call: RestCall, core: RestShared['core']): Promise<object[]> {
  const workers = await core.cluster.workers(call.caller);
  const shown = workers.map(({ host, sandbox }) => JSON.stringify({ host, ...sandbox }));
  return [...new Set(shown)].map((text) => JSON.parse(text) as object);
}

/** GET /languages: what this platform can do now, and why not. */
export async function languages(call: RestCall, { core }: RestShared): Promise<RestAnswer> {
  return ok({ languages: await core.languages.list(call.caller) });
}
