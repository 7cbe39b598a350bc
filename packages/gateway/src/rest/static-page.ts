import type { FunctionVersion } from '@relais/contracts';
import { RelaisError } from '@relais/kit';
import type { RestAnswer } from './answer.js';
import type { RestCall, RestShared } from './call.js';
import { methodNotAllowed } from './unrouted.js';

const contentType = 'text/html; charset=utf-8';

/** A static function: served from here, without a worker; GET and HEAD, with the source's digest as its ETag. */
export async function staticPage(
  call: RestCall,
  { core }: RestShared,
  version: FunctionVersion,
  path: string,
): Promise<RestAnswer> {
  if (call.method !== 'GET' && call.method !== 'HEAD')
    return methodNotAllowed(call.method, ['GET', 'HEAD'], call.caller.traceparent);
  if (path !== '' && path !== '/') {
    const message = `The static function "${version.name}" is one page; ask for /fn/${version.name}.`;
    throw new RelaisError('not_found', message, { reason: 'unknown_path', component: 'gateway' });
  }
  const etag = `"${version.sourceDigest}"`;
  const headers = { etag, 'cache-control': 'no-cache' };
  if (matches(call.request.headers['if-none-match'], etag)) return { status: 304, body: '', headers };
  return { status: 200, contentType, body: await core.pages.get(version, call.caller), headers };
}

function matches(ifNoneMatch: string | undefined, etag: string): boolean {
  if (ifNoneMatch === undefined) return false;
  return ifNoneMatch.split(',').some((tag) => tag.trim() === '*' || tag.trim().replace(/^W\//, '') === etag);
}
