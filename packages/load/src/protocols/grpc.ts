import { invokeMessage, invokePath } from './connect.js';
import type { Protocol } from './protocol.js';

const prefixBytes = 5;

/** Names of the status codes of gRPC by number. */
const codes = [
  '',
  'cancelled',
  'unknown',
  'invalid_argument',
  'deadline_exceeded',
  'not_found',
  'already_exists',
  'permission_denied',
  'resource_exhausted',
  'failed_precondition',
  'aborted',
  'out_of_range',
  'unimplemented',
  'internal',
  'unavailable',
  'data_loss',
  'unauthenticated',
];

/** gRPC unary over HTTP/2 without TLS. */
export const grpc: Protocol = {
  http: 2,
  prepare: (fn, payload) => {
    const message = invokeMessage(fn, payload);
    const prefix = Buffer.alloc(prefixBytes);
    prefix.writeUInt32BE(message.length, 1);
    return {
      path: invokePath,
      headers: { 'content-type': 'application/grpc', te: 'trailers' },
      body: Buffer.concat([prefix, message]),
    };
  },
  failureOf: ({ failure, grpcStatus, status }) => {
    if (failure !== '') return failure;
    if (status !== 200) return `http_${status}`;
    return codes[grpcStatus] ?? 'no_grpc_status';
  },
};
