import { readFile, stat } from 'node:fs/promises';
import { createSecureContext } from 'node:tls';
import { type Clock, type Logger, RelaisError } from '@relais/kit';

const pollMs = 1_000;
const othersMask = 0o007;

export interface TlsFileNames {
  /** Path of the certificate chain, PEM. */
  readonly cert: string;
  /** Path of its private key, PEM; nobody but owner and group may have rights to it. */
  readonly key: string;
}

/** A certificate chain with its private key, PEM. */
export interface Identity {
  readonly cert: Buffer;
  readonly key: Buffer;
}

/** The platform's certificate, read from files that somebody else renews. */
export class TlsFiles {
  readonly #names: TlsFileNames;
  readonly #clock: Clock;
  readonly #logger: Logger;
  #seen = '';
  #isLooking = false;

  constructor(names: TlsFileNames, clock: Clock, logger: Logger) {
    this.#names = names;
    this.#clock = clock;
    this.#logger = logger;
  }

  /** Rejects with failed_precondition reason tls_unusable: a file cannot be read, others may read the key, they do not fit. */
  async load(): Promise<Identity> {
    this.#seen = await this.#look();
    return this.#read();
  }

  /**
   * Looks for new files every second until what it answers is called. Those that cannot be used, because only one of them
   * has been replaced so far, say, leave the old identity in place and are tried again when they change.
   */
  watch(changed: (identity: Identity) => void): () => void {
    return this.#clock.every(pollMs, () => void this.#check(changed));
  }

  async #check(changed: (identity: Identity) => void): Promise<void> {
    if (this.#isLooking) return;
    this.#isLooking = true;
    try {
      const seen = await this.#look();
      if (seen === this.#seen) return;
      this.#seen = seen;
      changed(await this.#read());
      this.#logger.info({ ...this.#names }, 'The new certificate is in use.');
    } catch (error) {
      this.#logger.error({ ...this.#names, error }, 'The new certificate cannot be used; the old one stays in use.');
    } finally {
      this.#isLooking = false;
    }
  }

  async #look(): Promise<string> {
    const facts = await Promise.all(
      [this.#names.cert, this.#names.key].map(async (path) => {
        const { ino, mode, mtimeMs, size } = await stat(path).catch((cause) => {
          throw unusable(`${path} cannot be read (${codeOf(cause)}).`, cause);
        });
        return [ino, mode, mtimeMs, size].join(' ');
      }),
    );
    return facts.join();
  }

  async #read(): Promise<Identity> {
    const { cert, key } = this.#names;
    if ((await stat(key)).mode & othersMask)
      throw unusable(`Others have rights to ${key}; take them away: chmod o= ${key}`);
    try {
      const identity = { cert: await readFile(cert), key: await readFile(key) };
      createSecureContext(identity);
      return identity;
    } catch (cause) {
      throw unusable(`${cert} and ${key} are no certificate with its key (${codeOf(cause)}).`, cause);
    }
  }
}

function codeOf(cause: unknown): string {
  return cause instanceof Error && 'code' in cause ? String(cause.code) : 'unreadable';
}

function unusable(message: string, cause?: unknown): RelaisError {
  const fields = { reason: 'tls_unusable', component: 'gateway', ...(cause === undefined ? {} : { cause }) };
  return new RelaisError('failed_precondition', message, fields);
}
