import type { SecretRecord, StorageServiceService } from '@relais/contracts';
import { type Clock, RelaisError, type ServiceOf } from '@relais/kit';
import { seal, unseal } from '../secrets/sealing.js';
import { isSecretName } from '../secrets/secret-names.js';
import type { SecretsKey } from '../secrets/secrets-key.js';
import { type Caller, checkMayUseAll } from './caller.js';
import type { FeedListener } from './change-feed.js';
import type { ControlCalls } from './control-calls.js';
import { brokenContract, invalid } from './failures.js';

const feedPrefix = 'secret/';
const valueBytesMax = 4_096;
const attemptsMax = 5;

/** Values by name. */
export type SecretValues = Readonly<Record<string, string>>;

const noValues: SecretValues = Object.freeze({});

export interface SecretsOptions {
  readonly storage: ServiceOf<typeof StorageServiceService>;
  readonly calls: ControlCalls;
  readonly clock: Clock;
  /** Absent: this gateway can keep no secrets. */
  readonly key: SecretsKey | undefined;
}

/**
 * Sets, lists and deletes secrets, and opens them for calls. Storage never sees a value, and no answer holds one. Opened
 * values stay in memory for as long as the change feed vouches for them. Errors of all: unavailable.
 */
export class Secrets implements FeedListener {
  readonly #options: SecretsOptions;
  readonly #opened = new Map<string, string>();
  #isLive = false;
  // Counts changes: what was asked for before one is not kept after it.
  #epoch = 0;

  constructor(options: SecretsOptions) {
    this.#options = options;
  }

  /** Errors: invalid_argument, permission_denied, resource_exhausted, failed_precondition. */
  async set(name: string, value: string, caller: Caller): Promise<SecretRecord> {
    const { clock } = this.#options;
    mayKeep(caller);
    checkSecret(name, value);
    const key = await this.#keyForSealing(caller);
    for (let attempt = 1; ; attempt++) {
      const version = ((await this.#read(name, caller))?.version ?? 0) + 1;
      const sealed = seal(key, name, version, value);
      const { ciphertext, nonce } = sealed;
      const record = { ...sealed, nonce: Buffer.from(nonce), ciphertext: Buffer.from(ciphertext) };
      const secret: SecretRecord = { ...record, updatedAtMs: clock.wallMs() };
      if (await this.#put(secret, attempt < attemptsMax, caller)) return secret;
    }
  }

  async list(caller: Caller): Promise<SecretRecord[]> {
    const { calls, storage } = this.#options;
    mayKeep(caller);
    return (await calls.run('storage', caller, (c) => storage.listSecrets({}, c))).secrets;
  }

  /** Errors: not_found, permission_denied. */
  async delete(name: string, caller: Caller): Promise<void> {
    const { calls, storage } = this.#options;
    mayKeep(caller);
    await calls.write(caller, (c) => storage.deleteSecret({ name }, c));
    this.changed([`${feedPrefix}${name}`]);
  }

  /** The values a function names. Errors: failed_precondition reasons secret_missing, secrets_key_missing, secrets_key_wrong. */
  values(names: readonly string[], caller: Caller): SecretValues | Promise<SecretValues> {
    if (names.length === 0) return noValues;
    const known: Record<string, string> = {};
    for (const name of names) {
      const value = this.#opened.get(name);
      if (value === undefined) return this.#open(names, caller);
      known[name] = value;
    }
    return known;
  }

  changed(names: readonly string[] | undefined): void {
    this.#epoch++;
    if (!names) this.#opened.clear();
    for (const name of names ?? []) {
      if (name.startsWith(feedPrefix)) this.#opened.delete(name.slice(feedPrefix.length));
    }
  }

  live(): void {
    this.#isLive = true;
  }

  lost(): void {
    this.#isLive = false;
    this.changed(undefined);
  }

  async #open(names: readonly string[], caller: Caller): Promise<SecretValues> {
    const epoch = this.#epoch;
    const key = await this.#options.key?.get();
    const opened: Record<string, string> = {};
    for (const name of names) {
      const record = await this.#read(name, caller);
      if (!record) throw secretMissing(name);
      // Asked only now: before the first secret there is no key, and what is missing then is the secret.
      if (!key) throw keyMissing('A function names secrets');
      const value = unseal(key, record);
      if (value === undefined) throw keyWrong(name);
      opened[name] = value;
    }
    if (this.#isLive && epoch === this.#epoch) {
      for (const [name, value] of Object.entries(opened)) this.#opened.set(name, value);
    }
    return opened;
  }

  /** False: somebody else was quicker, and it may be tried again. */
  async #put(secret: SecretRecord, mayTryAgain: boolean, caller: Caller): Promise<boolean> {
    const { calls, storage } = this.#options;
    try {
      await calls.write(caller, (c) => storage.putSecret({ secret }, c));
    } catch (error) {
      if (mayTryAgain && RelaisError.from(error).fields.reason === 'secret_changed') return false;
      throw error;
    }
    this.changed([`${feedPrefix}${secret.name}`]);
    return true;
  }

  async #read(name: string, caller: Caller): Promise<SecretRecord | undefined> {
    const { calls, storage } = this.#options;
    try {
      const { secret } = await calls.run('storage', caller, (c) => storage.getSecret({ name }, c));
      if (!secret) throw brokenContract('Storage found a secret and did not give it.');
      return secret;
    } catch (error) {
      if (RelaisError.from(error).code === 'not_found') return undefined;
      throw error;
    }
  }

  // A new key beside secrets that another sealed would hide that they are lost.
  async #keyForSealing(caller: Caller): Promise<Buffer> {
    const source = this.#options.key;
    const key = await source?.get();
    if (key) return key;
    if (!source || (await this.list(caller)).length > 0) throw keyMissing('There are secrets');
    return source.create();
  }
}

// Whoever sets or names a secret can read it, in a function of theirs.
function mayKeep(caller: Caller): void {
  checkMayUseAll(caller, 'secrets');
}

function checkSecret(name: string, value: string): void {
  if (!isSecretName(name)) {
    const message = 'Name a secret as a variable: letters, digits and "_", at most 64, not RELAIS_*.';
    throw invalid('bad_secret_name', message);
  }
  const bytes = Buffer.byteLength(value);
  if (bytes > 0 && bytes <= valueBytesMax && !value.includes('\0')) return;
  const message = `The value of a secret has 1 to ${valueBytesMax} bytes and no zero byte; this one does not.`;
  throw invalid('bad_secret_value', message, { limit: { name: 'valueBytesMax', limit: valueBytesMax, used: bytes } });
}

function secretMissing(name: string): RelaisError {
  const message = `There is no secret ${name}; set it, or leave it out of the function's secrets.`;
  return new RelaisError('failed_precondition', message, { reason: 'secret_missing', component: 'gateway' });
}

function keyMissing(what: string): RelaisError {
  const message = `${what}, and the key they are sealed with is not here. Give this gateway the file of --secrets-key-file, or RELAIS_SECRETS_KEY.`;
  const fields = { reason: 'secrets_key_missing', fault: 'platform', component: 'gateway' } as const;
  return new RelaisError('failed_precondition', message, fields);
}

function keyWrong(name: string): RelaisError {
  const message = `The secret ${name} was sealed with another key, or damaged. Give this gateway that key, or set the secret anew.`;
  const fields = { reason: 'secrets_key_wrong', fault: 'platform', component: 'gateway' } as const;
  return new RelaisError('failed_precondition', message, fields);
}
