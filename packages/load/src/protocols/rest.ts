import type { Reply } from '../wire/reply.js';
import { codeIn } from './error-body.js';
import type { Protocol } from './protocol.js';

/** POST /invoke. */
export const rest: Protocol = {
  http: 1,
  prepare: (fn, payload) => ({
    path: `/invoke?fn=${encodeURIComponent(fn)}`,
    headers: { 'content-type': 'application/octet-stream' },
    body: payload,
  }),
  failureOf: httpFailure,
};

/** POST to a path of any server. */
export const http: Protocol = {
  http: 1,
  prepare: (path, payload) => ({ path, headers: { 'content-type': 'application/octet-stream' }, body: payload }),
  failureOf: httpFailure,
};

function httpFailure({ body, failure, status }: Reply): string {
  if (failure !== '') return failure;
  return status >= 200 && status < 300 ? '' : codeIn(body) || `http_${status}`;
}
