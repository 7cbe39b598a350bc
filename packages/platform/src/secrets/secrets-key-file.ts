import { randomBytes } from 'node:crypto';
import { link, mkdir, open, readFile, stat, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { SecretsKey } from '@relais/gateway';
import { type Component, RelaisError, randomHex } from '@relais/kit';

const othersMask = 0o077;

/**
 * The key that secrets are sealed with: given, or in a file that only its owner may read. The file is made with the first
 * secret. Start checks one that is there, so that a key others can read is noticed before anything is sealed with it.
 */
export class SecretsKeyFile implements Component, SecretsKey {
  readonly name = 'secrets key';
  readonly #path: string;
  #key: Buffer | undefined;

  /** `given`: 64 hexadecimal digits or base64 of 32 bytes; empty: the file holds it. */
  constructor(path: string, given: string) {
    this.#path = path;
    this.#key = given === '' ? undefined : parseSecretsKey(given);
  }

  /** Rejects with failed_precondition: reason secrets_key_exposed or secrets_key_unusable. */
  async start(): Promise<void> {
    await this.get();
  }

  async stop(): Promise<void> {}

  async get(): Promise<Buffer | undefined> {
    this.#key ??= await this.#read();
    return this.#key;
  }

  async create(): Promise<Buffer> {
    const key = randomBytes(32);
    try {
      await mkdir(dirname(this.#path), { recursive: true, mode: 0o700 });
      await writeNew(this.#path, `${key.toString('hex')}\n`);
    } catch (cause) {
      throw unusable(`The key file ${this.#path} cannot be written; give another by --secrets-key-file.`, cause);
    }
    // Another gateway on this machine may have been quicker.
    return (await this.get()) ?? key;
  }

  async #read(): Promise<Buffer | undefined> {
    const facts = await stat(this.#path).catch((cause: NodeJS.ErrnoException) => {
      if (cause.code === 'ENOENT') return undefined;
      throw unusable(`The key file ${this.#path} cannot be read.`, cause);
    });
    if (!facts) return undefined;
    if (facts.mode & othersMask) {
      const message = `Others than its owner have rights to ${this.#path}; take them away: chmod 600 ${this.#path}`;
      throw new RelaisError('failed_precondition', message, { reason: 'secrets_key_exposed', component: 'platform' });
    }
    const key = parseSecretsKey((await readFile(this.#path, 'utf8')).trim());
    if (key) return key;
    throw unusable(`${this.#path} holds no key: 64 hexadecimal digits, or base64 of 32 bytes.`);
  }
}

/** Undefined when the text is no key. */
export function parseSecretsKey(text: string): Buffer | undefined {
  if (/^[0-9a-fA-F]{64}$/.test(text)) return Buffer.from(text, 'hex');
  return /^[A-Za-z0-9+/]{43}=$/.test(text) ? Buffer.from(text, 'base64') : undefined;
}

// Whole or not at all, and on disk before anything is sealed with it.
async function writeNew(path: string, text: string): Promise<void> {
  const draft = `${path}.${randomHex(8)}`;
  const file = await open(draft, 'wx', 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  // Unlike a rename it leaves alone what is there.
  await link(draft, path).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code !== 'EEXIST') throw cause;
  });
  await unlink(draft);
  const folder = await open(dirname(path));
  await folder.sync().finally(() => folder.close());
}

function unusable(message: string, cause?: unknown): RelaisError {
  const fields = { reason: 'secrets_key_unusable', component: 'platform', ...(cause === undefined ? {} : { cause }) };
  return new RelaisError('failed_precondition', message, fields);
}
