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

/** The typed detail of a failure the RPC library raised itself, before any of our code ran. */
export function libraryDetail(code: number, message: string, traceId: string): ReturnType<typeof detailOf> {
  const reason = code === errorCodes.resource_exhausted.grpcStatus ? 'payload_too_large' : 'malformed_request';
  return detailOf(
    new RelaisError(codeOfGrpcStatus(code), message, { reason, component: 'gateway', retryable: false, traceId }),
  );
}

function detailOf(failure: RelaisError) {
  const { $typeName: _, ...value } = { $typeName: '', ...toDetail(failure) };
  return { desc: edge.ErrorDetailSchema, value: { ...value, component: value.component || 'gateway' } };
}
