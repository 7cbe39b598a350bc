import { create, toBinary } from '@bufbuild/protobuf';
import { invocation } from '@relais/contracts/edge';
import type { Reply } from '../wire/reply.js';
import { codeIn } from './error-body.js';
import type { Protocol } from './protocol.js';

export const invokePath = '/relais.v1.InvocationService/Invoke';

/** Connect unary with JSON: a JSON payload goes as `json`, anything else as `text`. */
export const connectJson: Protocol = {
  http: 1,
  prepare: (fn, payload) => ({
    path: invokePath,
    headers: { 'content-type': 'application/json', 'connect-protocol-version': '1' },
    body: Buffer.from(JSON.stringify({ function: fn, ...jsonPayload(payload.toString()) })),
  }),
  failureOf: connectFailure,
};

/** Connect unary with Protobuf. */
export const connectProto: Protocol = {
  http: 1,
  prepare: (fn, payload) => ({
    path: invokePath,
    headers: { 'content-type': 'application/proto', 'connect-protocol-version': '1' },
    body: invokeMessage(fn, payload),
  }),
  failureOf: connectFailure,
};

/** The bytes of an InvokeRequest. */
export function invokeMessage(fn: string, payload: Buffer): Buffer {
  return Buffer.from(
    toBinary(
      invocation.InvokeRequestSchema,
      create(invocation.InvokeRequestSchema, { function: fn, payload: { case: 'data', value: payload } }),
    ),
  );
}

function jsonPayload(text: string): object {
  try {
    return { json: JSON.parse(text) };
  } catch {
    return { text };
  }
}

function connectFailure({ body, failure, status }: Reply): string {
  if (failure !== '') return failure;
  return status === 200 ? '' : codeIn(body) || `http_${status}`;
}
