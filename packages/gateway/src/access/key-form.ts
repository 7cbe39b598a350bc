import { hash, randomBytes } from 'node:crypto';
import { randomHex } from '@relais/kit';
import type { ServerRequest } from '../net/messages.js';

const prefix = 'rlk_';
const secretBytes = 32;
const form = /^rlk_([a-z0-9]{16})_[A-Za-z0-9_-]{43}$/;
const bearer = /^bearer +(\S+) *$/i;

/** A new key with its id: "rlk_", the id and 256 random bits, in 64 characters that need no quoting anywhere. */
export function newKey(): { readonly id: string; readonly key: string } {
  const id = randomHex(8);
  return { id, key: `${prefix}${id}_${randomBytes(secretBytes).toString('base64url')}` };
}

/** The id in a key; undefined when it has not the form of one. */
export function idOfKey(key: string): string | undefined {
  return form.exec(key)?.[1];
}

/** What is kept of a key. */
export function digestOfKey(key: string): Buffer {
  return hash('sha256', key, 'buffer');
}

/** The key a request carries, of whatever form; undefined when it carries none. */
export function keyOf({ headers }: ServerRequest): string | undefined {
  const own = headers['x-relais-key'];
  if (typeof own === 'string') return own;
  const { authorization } = headers;
  return authorization === undefined ? undefined : bearer.exec(authorization)?.[1];
}

/** Whether a header carries a key of ours, which no function may see. */
export function carriesKey(name: string, value: string): boolean {
  if (name === 'x-relais-key') return true;
  return name === 'authorization' && bearer.exec(value)?.[1]?.startsWith(prefix) === true;
}
