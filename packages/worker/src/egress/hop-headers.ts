import type { IncomingMessage } from 'node:http';

const hopByHop: ReadonlySet<string> = new Set([
  ...['connection', 'keep-alive', 'proxy-authenticate', 'proxy-authorization', 'proxy-connection'],
  ...['te', 'trailer', 'transfer-encoding', 'upgrade', 'expect'],
]);

/** The headers of a message that are not for this hop alone, as they came. */
export function endToEndHeaders({ headers, rawHeaders }: IncomingMessage): [name: string, value: string][] {
  const named = (headers.connection ?? '').split(',').map((name) => name.trim().toLowerCase());
  const pairs: [string, string][] = [];
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) pairs.push([rawHeaders[at] ?? '', rawHeaders[at + 1] ?? '']);
  return pairs.filter(([name]) => !hopByHop.has(name.toLowerCase()) && !named.includes(name.toLowerCase()));
}
