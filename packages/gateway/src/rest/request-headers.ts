import type { HttpHeader } from '@relais/contracts';
import { carriesKey } from '../access/key-form.js';
import type { ServerRequest } from '../net/messages.js';
import { isPrivateHeader, namedInConnection } from './header-rules.js';

/** What a function may see of a request's headers: lower-case, without what belongs to the connection or to us. */
export function requestHeaders(request: ServerRequest): HttpHeader[] {
  const { headers } = request;
  const named = namedInConnection(headers.connection);
  const kept: HttpHeader[] = [];
  for (const [name, value] of Object.entries(headers)) {
    if (value === undefined || name.startsWith(':') || isPrivateHeader(name) || named.has(name)) continue;
    const text = Array.isArray(value) ? value.join(', ') : value;
    // A function is somebody else's code: it must not get hold of its caller's key.
    if (!carriesKey(name, text)) kept.push({ name, value: text });
  }
  const authority = headers[':authority'];
  if (typeof authority === 'string' && headers.host === undefined) kept.push({ name: 'host', value: authority });
  return kept;
}
