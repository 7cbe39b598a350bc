import type { HttpResponse } from '@relais/contracts';
import { RelaisError } from '@relais/kit';
import { checkedHttpResponse } from './http-response.js';
import { parseUserSpan, type UserSpan } from './user-spans.js';

/** An exception of the user's code as its shim describes it. */
export interface GuestError {
  readonly name: string;
  readonly message: string;
  /** Without frames of the shim and without host paths; at most 8 KiB. */
  readonly stack: string;
}

/** What a guest may say. */
export type GuestMessage =
  | { readonly type: 'ready' }
  | { readonly type: 'failed'; readonly error: GuestError }
  | { readonly type: 'part'; readonly call: number; readonly http: HttpResponse | RelaisError | undefined }
  | { readonly type: 'result'; readonly call: number; readonly http: HttpResponse | RelaisError | undefined }
  | { readonly type: 'error'; readonly call: number; readonly error: GuestError }
  | { readonly type: 'span'; readonly call: number; readonly span: UserSpan | undefined }
  | { readonly type: 'overflow'; readonly call: number; readonly bytes: number };

const stackCharsMax = 8192;

/** Reads a header of an untrusted guest; undefined when it is none of the messages. */
export function parseGuestMessage(header: unknown): GuestMessage | undefined {
  if (!isRecord(header)) return undefined;
  const call = typeof header.call === 'number' ? header.call : -1;
  switch (header.type) {
    case 'ready':
      return { type: 'ready' };
    case 'failed':
      return { type: 'failed', error: parseError(header.error) };
    case 'error':
      return { type: 'error', call, error: parseError(header.error) };
    case 'span':
      return { type: 'span', call, span: parseUserSpan(header.span) };
    case 'overflow':
      return { type: 'overflow', call, bytes: typeof header.bytes === 'number' ? header.bytes : 0 };
    case 'part':
    case 'result':
      return { type: header.type, call, http: header.http === undefined ? undefined : parseHttp(header.http) };
    default:
      return undefined;
  }
}

function parseError(value: unknown): GuestError {
  const fields = isRecord(value) ? value : {};
  return {
    name: text(fields.name, 256) || 'Error',
    message: text(fields.message, 4096),
    stack: text(fields.stack, stackCharsMax),
  };
}

function parseHttp(value: unknown): HttpResponse | RelaisError {
  try {
    return checkedHttpResponse(isRecord(value) ? value : {});
  } catch (error) {
    return RelaisError.from(error);
  }
}

function text(value: unknown, charsMax: number): string {
  return typeof value === 'string' ? value.slice(0, charsMax) : '';
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
