import type { ConnectError } from '@connectrpc/connect';
import type { RelaisError } from '@relais/kit';
import type { ServerRequest } from '../net/messages.js';
import { begin, type EdgeShared, failed } from './serve.js';

/** What a request is counted as whose path is no procedure's. */
export const unknownProcedureName = 'unknown';

/** Counts a request whose procedure was not called, with a span in its caller's trace; what the caller is told. */
export function refuse(
  shared: EdgeShared,
  name: string,
  { headers, method }: ServerRequest,
  failure: RelaisError,
): ConnectError {
  const { 'content-type': type = '', traceparent } = headers;
  const protocolName = type.startsWith('application/grpc') ? 'grpc' : 'connect';
  const parent = typeof traceparent === 'string' ? traceparent : undefined;
  const span = begin(shared.tracer, name, { protocolName, requestMethod: method ?? '' }, parent);
  return failed(shared, name, span, failure);
}
