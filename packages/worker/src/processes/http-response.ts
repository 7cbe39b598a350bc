import type { HttpHeader, HttpResponse } from '@relais/contracts';
import {
  isConnectionHeader,
  isFinalStatus,
  isHeaderName,
  isHeaderValue,
  responseHeadersMax,
} from '../runtimes/response-rules.js';
import { functionFailed } from './failures.js';

/**
 * Status and headers a handler answered an HTTP trigger with: `{ status, headers: [[name, value], …] }`. Headers of the
 * connection are dropped. Throws aborted reason function_failed when the status is not 200 to 599, a name or value is not
 * one of HTTP, or there are more than 100.
 */
export function checkedHttpResponse(raw: Record<string, unknown>): HttpResponse {
  const { status, headers } = raw;
  if (!isFinalStatus(status)) throw malformed('a statusCode that is not a number from 200 to 599');
  if (!Array.isArray(headers) || headers.length > responseHeadersMax) {
    throw malformed(`more than ${responseHeadersMax} headers`);
  }
  const checked = headers.map(checkedHeader);
  return { status, headers: checked.filter((header) => !isConnectionHeader(header.name)) };
}

function checkedHeader(entry: unknown): HttpHeader {
  const [name, value]: unknown[] = Array.isArray(entry) ? entry : [];
  if (typeof name !== 'string' || typeof value !== 'string') throw malformed('a header that is not a pair of strings');
  const lowerCase = name.toLowerCase();
  if (!isHeaderName(lowerCase)) throw malformed('a header whose name is not valid in HTTP');
  if (!isHeaderValue(value)) throw malformed(`a header "${lowerCase}" with a control character`);
  return { name: lowerCase, value };
}

function malformed(what: string) {
  return functionFailed(`The function answered the HTTP request with ${what}.`);
}
