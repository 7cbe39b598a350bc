const hopByHop = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'proxy-authenticate',
  'proxy-authorization',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'http2-settings',
  'expect',
]);

/** Whether a header belongs to the connection or to Relais itself and passes neither to nor from a function. */
export function isPrivateHeader(name: string): boolean {
  return hopByHop.has(name) || name.startsWith('x-internal-');
}

/** Header names that a Connection header declares to be of this connection only. */
export function namedInConnection(connection: string | undefined): ReadonlySet<string> {
  if (connection === undefined) return new Set();
  return new Set(
    connection
      .toLowerCase()
      .split(',')
      .map((name) => name.trim()),
  );
}
