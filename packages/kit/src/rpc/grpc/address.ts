import { isIP } from 'node:net';
import { RelaisError } from '../../errors/relais-error.js';

/** Where a server listens: a Unix socket or a TCP port. */
export type Address =
  | { readonly kind: 'unix'; readonly path: string }
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number };

/** Longest path of a Unix socket the kernel takes, bytes. */
const socketPathBytesMax = 107;

/**
 * Reads "unix:/abs/path", "host:port" or "[ipv6]:port". Throws invalid_argument, naming the form expected.
 */
export function parseAddress(text: string): Address {
  return text.startsWith('unix:') ? parseUnix(text) : parseTcp(text);
}

function parseUnix(text: string): Address {
  const path = text.slice('unix:'.length);
  if (!path.startsWith('/')) throw malformed(text);
  if (Buffer.byteLength(path) > socketPathBytesMax) {
    throw new RelaisError(
      'invalid_argument',
      `The socket path ${path} is longer than the ${socketPathBytesMax} bytes the kernel takes; use a shorter directory.`,
      { reason: 'bad_address' },
    );
  }
  return { kind: 'unix', path };
}

function parseTcp(text: string): Address {
  const [, ipv6, name, digits] = /^(?:\[([^[\]]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(text) ?? [];
  const host = ipv6 ?? name;
  const port = Number(digits);
  if (!host || port > 65_535 || (ipv6 && isIP(ipv6) !== 6)) throw malformed(text);
  return { kind: 'tcp', host, port };
}

function malformed(text: string): RelaisError {
  return new RelaisError('invalid_argument', `"${text}" is no address; use unix:/absolute/path or host:port.`, {
    reason: 'bad_address',
  });
}

/** The text form, with brackets about an IPv6 host. */
export function formatAddress(address: Address): string {
  if (address.kind === 'unix') return `unix:${address.path}`;
  return isIP(address.host) === 6 ? `[${address.host}]:${address.port}` : `${address.host}:${address.port}`;
}

/** Whether only this machine can reach it. */
export function isLocal(address: Address): boolean {
  if (address.kind === 'unix') return true;
  const { host } = address;
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}
