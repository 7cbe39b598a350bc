/** UTF-8 text of a name; where it is none, with U+FFFD, which pathSegments refuses. */
export function decodeName(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
}
