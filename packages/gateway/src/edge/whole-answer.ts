import type { UniversalServerResponse } from '@connectrpc/connect/protocol';
import type { PlainResponse } from '../net/plain/plain-response.js';

/** Writes an answer of the RPC library to a plain request; it is a unary one, which has no trailers. */
export async function writeWhole(
  { body, header, status }: UniversalServerResponse,
  response: PlainResponse,
  more: Readonly<Record<string, string>>,
): Promise<void> {
  const parts: Uint8Array[] = [];
  for await (const part of body ?? []) parts.push(part);
  const bytes = Buffer.concat(parts);
  if (response.destroyed) return;
  response.writeHead(status, { ...Object.fromEntries(header ?? []), ...more, 'content-length': bytes.length });
  response.end(bytes);
}
