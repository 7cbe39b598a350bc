import type { OutgoingHttpHeaders } from 'node:http';
import type { HttpHeader } from '@relais/contracts';
import { RelaisError } from '@relais/kit';
import { isPrivateHeader } from './header-rules.js';

const headersMax = 128;
const bytesMax = 16 * 1024;
const nameForm = /^[a-z0-9!#$%&'*+.^_`|~-]+$/;
// Tab, and everything visible; no line break can begin a header of its own.
const valueForm = /^[\t\x20-\x7e\x80-\xff]*$/;
// Set by the gateway, whatever the function says.
const ours = new Set(['content-length', 'traceparent', 'x-relais-invocation-id', 'x-content-type-options', 'date']);

/**
 * Headers of a function's HTTP answer as they may be written. Those of the connection and of the gateway are left out.
 * Throws aborted reason invalid_response for a name or value that HTTP does not allow, or too many.
 */
export function responseHeaders(given: readonly HttpHeader[], invocationId: string): OutgoingHttpHeaders {
  const headers: OutgoingHttpHeaders = {};
  let bytes = 0;
  for (const { name: anyCase, value } of given) {
    const name = anyCase.toLowerCase();
    bytes += name.length + value.length;
    if (!nameForm.test(name) || !valueForm.test(value)) {
      throw invalidResponse(`its header ${JSON.stringify(anyCase.slice(0, 80))} is not one HTTP allows`, invocationId);
    }
    if (isPrivateHeader(name) || ours.has(name)) continue;
    const before = headers[name];
    headers[name] = before === undefined ? value : [before, value].flat().map(String);
  }
  if (given.length > headersMax || bytes > bytesMax) {
    throw invalidResponse(`it has more than ${headersMax} headers or ${bytesMax} bytes of them`, invocationId);
  }
  return headers;
}

/** A status a function may end a request with: 200 to 599; 0 means 200. Throws aborted reason invalid_response. */
export function responseStatus(status: number, invocationId: string): number {
  if (status === 0) return 200;
  if (Number.isInteger(status) && status >= 200 && status <= 599) return status;
  throw invalidResponse(`its status ${status} is not one of 200 to 599`, invocationId);
}

function invalidResponse(what: string, invocationId: string): RelaisError {
  const fields = { reason: 'invalid_response', component: 'gateway', invocationId };
  return new RelaisError('aborted', `The function's HTTP answer cannot be sent: ${what}.`, fields);
}
