import { ConnectError } from '@connectrpc/connect';
import { error as edge } from '@relais/contracts/edge';
import { codeOfGrpcStatus, errorCodes, RelaisError, toDetail, toRest } from '@relais/kit';

/** A failure as Connect and gRPC carry it: the same code, the rest in the typed detail. */
export function toConnectError(failure: RelaisError, traceparent: string): ConnectError {
  const metadata = new Headers({ traceparent });
  const { invocationId } = failure.fields;
  if (invocationId !== undefined) metadata.set('x-relais-invocation-id', invocationId);
  const { retryAfterS } = toRest(failure);
  if (retryAfterS !== undefined) metadata.set('retry-after', String(retryAfterS));
  const { grpcStatus } = errorCodes[failure.code];
  return new ConnectError(failure.message, grpcStatus, metadata, [detailOf(failure)], failure.fields.cause);
}

/** A failure the RPC library raised itself, before any of our code ran; `bytesMax` is the message's. */
export function libraryFailure(code: number, message: string, bytesMax: number): RelaisError {
  const fields = { component: 'gateway', retryable: false };
  if (code !== errorCodes.resource_exhausted.grpcStatus) {
    return new RelaisError(codeOfGrpcStatus(code), message, { ...fields, reason: 'malformed_request' });
  }
  const limit = { name: 'messageBytesMax', limit: bytesMax, used: 0 };
  return new RelaisError('resource_exhausted', message, { ...fields, reason: 'payload_too_large', limit });
}

function detailOf(failure: RelaisError) {
  const { $typeName: _, ...value } = { $typeName: '', ...toDetail(failure) };
  return { desc: edge.ErrorDetailSchema, value: { ...value, component: value.component || 'gateway' } };
}
