import type { OutgoingHttpHeaders } from 'node:http';
import type { FunctionVersion } from '@relais/contracts';
import { allowsOrigin } from '../access/function-access.js';
import type { ServerRequest } from '../net/messages.js';

const preflightAgeS = 600;

/** What lets a page of another origin read the answers of a function that allows it; nothing of ours otherwise. */
export function corsHeaders({ config }: FunctionVersion, { headers }: ServerRequest): OutgoingHttpHeaders {
  const { origin } = headers;
  const cors = config?.cors ?? [];
  if (cors.length === 0) return {};
  const vary = { vary: 'origin' };
  if (origin === undefined || !allowsOrigin(cors, origin)) return vary;
  return {
    ...vary,
    'access-control-allow-origin': origin,
    'access-control-expose-headers': 'x-relais-invocation-id, traceparent, retry-after',
  };
}

/** The headers of an answer with those of {@link corsHeaders}; what the function says its answer varies with stays. */
export function withCors(headers: OutgoingHttpHeaders, cors: OutgoingHttpHeaders): OutgoingHttpHeaders {
  const own = headers.vary;
  if (own === undefined || cors.vary === undefined) return { ...headers, ...cors };
  return { ...headers, ...cors, vary: [own, cors.vary].flat().join(', ') };
}

/** What a browser that asks whether a page may call a function is answered, beside {@link corsHeaders}. */
export function preflightHeaders({ headers }: ServerRequest): OutgoingHttpHeaders {
  const asked = headers['access-control-request-headers'];
  return {
    'access-control-allow-methods': 'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS',
    ...(typeof asked === 'string' ? { 'access-control-allow-headers': asked } : {}),
    'access-control-max-age': String(preflightAgeS),
  };
}
