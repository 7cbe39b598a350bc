import type { HttpHeader, HttpResponse } from '@relais/contracts';
import { functionFailed } from './failures.js';

const headersMax = 100;
const headerName = /^[!#$%&'*+.^_`|~0-9a-z-]{1,256}$/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what must not pass
const controlCharacter = /[\u0000-\u0008\u000a-\u001f\u007f]/;
const connectionHeaders: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'keep-alive',
  'proxy-authenticate',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/**
 * Status and headers a handler answered an HTTP trigger with: `{ status, headers: [[name, value], …] }`. Headers of the
 * connection are dropped. Throws aborted reason function_failed when the status is not 200 to 599, a name or value is not
 * one of HTTP, or there are more than 100.
 */
export function checkedHttpResponse(raw: Record<string, unknown>): HttpResponse {
  const { status, headers } = raw;
  if (typeof status !== 'number' || !Number.isInteger(status) || status < 200 || status > 599)
    throw malformed('a statusCode that is not a number from 200 to 599');
  if (!Array.isArray(headers) || headers.length > headersMax) throw malformed(`more than ${headersMax} headers`);
  const checked = headers.map(checkedHeader);
  return { status, headers: checked.filter((header) => !connectionHeaders.has(header.name)) };
}

function checkedHeader(entry: unknown): HttpHeader {
  const [name, value]: unknown[] = Array.isArray(entry) ? entry : [];
  if (typeof name !== 'string' || typeof value !== 'string') throw malformed('a header that is not a pair of strings');
  const lowerCase = name.toLowerCase();
  if (!headerName.test(lowerCase)) throw malformed('a header whose name is not valid in HTTP');
  if (controlCharacter.test(value)) throw malformed(`a header "${lowerCase}" with a control character`);
  return { name: lowerCase, value };
}

function malformed(what: string) {
  return functionFailed(`The function answered the HTTP request with ${what}.`);
}
