/** Headers a function may answer with; beyond it the answer is refused. */
export const responseHeadersMax = 100;

// The connection is the gateway's: a function may neither frame the answer nor keep or change the protocol.
const connectionHeaders: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'keep-alive',
  'proxy-authenticate',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

const headerName = /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,256}$/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what must not pass
const controlCharacter = /[\u0000-\u0008\u000a-\u001f\u007f]/;

/** Whether a header belongs to the connection, not to the answer; the name in lower case. */
export function isConnectionHeader(name: string): boolean {
  return connectionHeaders.has(name);
}

export function isHeaderName(name: string): boolean {
  return headerName.test(name);
}

/** Whether a value can stand in a header: no control character but the tab. */
export function isHeaderValue(value: string): boolean {
  return !controlCharacter.test(value);
}

/** Whether a function may answer with a status: 200 to 599, so that an answer is one answer. */
export function isFinalStatus(status: unknown): status is number {
  return typeof status === 'number' && Number.isInteger(status) && status >= 200 && status <= 599;
}
