import type { KeyRecord, StorageServiceService } from '@relais/contracts';
import type { Clock, ServiceOf } from '@relais/kit';
import { digestOfKey, newKey } from '../access/key-form.js';
import type { KnownKeys } from '../access/known-keys.js';
import { scopeNames } from '../access/needs.js';
import type { Caller } from './caller.js';
import type { ControlCalls } from './control-calls.js';
import { invalid } from './failures.js';
import { isName } from './names.js';

const nameForm = /^[\p{L}\p{N}][\p{L}\p{N} ._@-]{0,62}$/u;
const functionsMax = 200;
const bounds = { ratePerS: 1_000_000, burst: 1_000_000, concurrency: 100_000 } as const;

/** What a new key shall be. Zero: no limit. */
export interface NewKey {
  readonly name: string;
  readonly scopes: readonly string[];
  readonly functions: readonly string[];
  readonly ratePerS: number;
  readonly burst: number;
  readonly concurrency: number;
}

export interface KeysOptions {
  readonly storage: ServiceOf<typeof StorageServiceService>;
  readonly calls: ControlCalls;
  readonly clock: Clock;
  readonly known: KnownKeys;
}

/** Makes, lists and revokes API keys. Errors of all: unavailable. */
export class Keys {
  readonly #options: KeysOptions;

  constructor(options: KeysOptions) {
    this.#options = options;
  }

  /** The key itself is in this answer and nowhere else. Errors: invalid_argument, resource_exhausted. */
  async create(input: NewKey, caller: Caller): Promise<{ key: string; record: KeyRecord }> {
    const { calls, clock, known, storage } = this.#options;
    checkNewKey(input);
    const { id, key } = newKey();
    const { burst, concurrency, name, ratePerS } = input;
    const record: KeyRecord = {
      id,
      sha256: digestOfKey(key),
      name,
      scopes: scopeNames.filter((scope) => input.scopes.includes(scope)),
      functions: [...new Set(input.functions)].sort(),
      ratePerS,
      burst,
      concurrency,
      createdAtMs: clock.wallMs(),
    };
    await calls.write(caller, (c) => storage.createKey({ key: record }, c));
    known.keyChanged(id);
    return { key, record };
  }

  async list(caller: Caller): Promise<KeyRecord[]> {
    const { calls, storage } = this.#options;
    return (await calls.run('storage', caller, (c) => storage.listKeys({}, c))).keys;
  }

  /** Errors: not_found. */
  async revoke(id: string, caller: Caller): Promise<void> {
    const { calls, known, storage } = this.#options;
    await calls.write(caller, (c) => storage.deleteKey({ id }, c));
    known.keyChanged(id);
  }
}

function checkNewKey(input: NewKey): void {
  const mistakes: string[] = [];
  const { functions, name, scopes } = input;
  if (!nameForm.test(name)) mistakes.push('name must be 1 to 63 letters, digits, spaces or . _ @ -');
  const unknown = scopes.filter((scope) => !scopeNames.some((known) => known === scope));
  if (unknown.length > 0 || scopes.length === 0) mistakes.push(`scopes must be some of ${scopeNames.join(', ')}`);
  if (functions.length > functionsMax) mistakes.push(`functions may be at most ${functionsMax}`);
  if (!functions.every(isName)) mistakes.push('functions must be names of functions');
  if (functions.length > 0 && scopes.includes('admin')) mistakes.push('an admin key is good for every function');
  for (const [key, max] of Object.entries(bounds)) {
    const value = input[key as keyof typeof bounds];
    if (!(value >= 0 && value <= max)) mistakes.push(`${key} must be 0 to ${max}`);
  }
  if (mistakes.length > 0) throw invalid('bad_key', `Change what the key shall be: ${mistakes.join('; ')}.`);
}
