import { timingSafeEqual } from 'node:crypto';
import { RelaisError } from '@relais/kit';
import type { Caller } from '../core/caller.js';
import { digestOfKey, idOfKey } from './key-form.js';
import type { KnownKey, KnownKeys } from './known-keys.js';
import { grants, type Need } from './needs.js';

/** What a key lets its request do. */
export interface Grant {
  /** Names of the only functions it may touch; undefined: all. */
  readonly functions?: ReadonlySet<string> | undefined;
  /** Whose request it is; undefined of the operator's key. */
  readonly keyId?: string | undefined;
  /** To be called when the request is over. */
  readonly leave?: (() => void) | undefined;
}

export interface KeyCheckOptions {
  readonly known: KnownKeys;
  /** A key of scope admin that the operator gave; none when empty. */
  readonly adminKey: string;
}

const everything: Grant = Object.freeze({});

/** Decides what a key is good for. Keys are told by their digest, compared in constant time. */
export class KeyCheck {
  readonly #known: KnownKeys;
  readonly #adminDigest: Buffer | undefined;

  constructor({ adminKey, known }: KeyCheckOptions) {
    this.#known = known;
    this.#adminDigest = adminKey === '' ? undefined : digestOfKey(adminKey);
  }

  /** Throws or rejects with unauthenticated, permission_denied, resource_exhausted or unavailable. */
  check(key: string | undefined, need: Need, caller: Caller): Grant | Promise<Grant> {
    if (key === undefined) throw keyMissing();
    const digest = digestOfKey(key);
    if (this.#adminDigest && timingSafeEqual(digest, this.#adminDigest)) return everything;
    const id = idOfKey(key);
    if (id === undefined) throw keyUnknown();
    const found = this.#known.find(id, caller);
    return found instanceof Promise ? found.then((known) => grant(known, digest, need)) : grant(found, digest, need);
  }
}

function grant(known: KnownKey | undefined, digest: Buffer, need: Need): Grant {
  if (!known || !timingSafeEqual(digest, known.record.sha256)) throw keyUnknown();
  if (!grants(known.scopes, need)) throw scopeMissing(need);
  const leave = known.usage.enter();
  return { functions: known.functions, keyId: known.record.id, leave };
}

function keyMissing(): RelaisError {
  const message = 'This platform asks for a key; send one as "authorization: Bearer KEY" or "x-relais-key: KEY".';
  return new RelaisError('unauthenticated', message, { reason: 'key_missing', component: 'gateway' });
}

function keyUnknown(): RelaisError {
  const message = 'There is no such key; it may have been revoked. Ask an administrator of this platform for another.';
  return new RelaisError('unauthenticated', message, { reason: 'key_unknown', component: 'gateway' });
}

function scopeMissing(need: Need): RelaisError {
  const wanted = typeof need === 'string' ? need : need.join(' or ');
  const message = `This key lacks the scope ${wanted}; use one that has it.`;
  return new RelaisError('permission_denied', message, { reason: 'scope_missing', component: 'gateway' });
}
