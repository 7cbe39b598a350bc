import { createHash } from 'node:crypto';
import type {
  CreateKeyRequest,
  CreateVersionRequest,
  FunctionVersion,
  KeyRecord,
  SecretRecord,
  StorageServiceService,
  WaitForChangeRequest,
  WaitForChangeResponse,
} from '@relais/contracts';
import { type CallContext, RelaisError, type ServiceOf } from '@relais/kit';

type Storage = ServiceOf<typeof StorageServiceService>;

/** Storage as a few maps, for tests; counts what it is asked. */
export class MemoryStorage implements Storage {
  readonly versions: FunctionVersion[] = [];
  readonly keys = new Map<string, KeyRecord>();
  readonly secrets = new Map<string, SecretRecord>();
  /** How often all keys, and how often one, was asked for. */
  keyLists = 0;
  /** How often a secret was asked for. */
  secretReads = 0;
  keyReads = 0;
  /** How often a reference was resolved here. */
  resolves = 0;
  /** What a backup reads as, part by part. */
  backup: Buffer[] = [];
  /** Makes every method reject while set. */
  broken: RelaisError | undefined;
  readonly #current = new Map<string, FunctionVersion>();
  readonly #blobs = new Map<string, Buffer>();
  readonly #changes: string[] = [];
  #waiting: (() => void)[] = [];

  async createVersion(request: CreateVersionRequest): Promise<{ version: FunctionVersion }> {
    this.#check();
    const before = this.versions.filter((version) => version.name === request.name);
    if (before.length > 0 && !request.update) {
      throw new RelaisError('already_exists', 'The name is taken.', { reason: 'name_taken', component: 'storage' });
    }
    const { artifact, config, filename, form, lang, name, source, wasm } = request;
    const sourceDigest = this.#put(source);
    const runnable = artifact.length > 0 ? artifact : source;
    const number = before.length + 1;
    const version: FunctionVersion = {
      id: `${name}_${1_728_435_599 + number}`,
      name,
      version: number,
      lang,
      wasm,
      form,
      filename,
      config,
      sourceDigest,
      artifactDigest: this.#put(runnable),
      sourceBytes: source.length,
      artifactBytes: runnable.length,
      createdAtMs: 1_728_435_600_000,
      isolationCost: request.isolationCost,
    };
    this.versions.push(version);
    this.#current.set(name, version);
    this.announce(name);
    return { version };
  }

  async resolveFunction({ function: reference }: { function: string }): Promise<{ version: FunctionVersion }> {
    this.#check();
    this.resolves++;
    const [name, number] = reference.split('@');
    const version =
      this.versions.find((each) => each.id === reference) ??
      (number ? this.#numbered(name, Number(number)) : this.#current.get(name ?? ''));
    if (version) return { version };
    throw new RelaisError('not_found', `There is no function ${reference}.`, { component: 'storage' });
  }

  async listFunctions(request: { pageSize: number; afterName: string }) {
    this.#check();
    const after = [...this.#current.values()]
      .filter((version) => version.name > request.afterName)
      .sort((a, b) => (a.name < b.name ? -1 : 1));
    return { versions: after.slice(0, request.pageSize), more: after.length > request.pageSize };
  }

  async listVersions({ afterVersion, name, pageSize }: { name: string; pageSize: number; afterVersion: number }) {
    this.#check();
    const current = this.#current.get(name);
    if (!current) throw new RelaisError('not_found', `There is no function ${name}.`, { component: 'storage' });
    const after = this.versions.filter((each) => each.name === name && each.version > afterVersion);
    return { versions: after.slice(0, pageSize), more: after.length > pageSize, currentVersion: current.version };
  }

  async setCurrent({ name, version: number }: { name: string; version: number }) {
    this.#check();
    const before = this.#current.get(name);
    const version = this.#numbered(name, number || (before?.version ?? 0) - 1);
    if (!before || !version) throw new RelaisError('not_found', 'There is no such version.', { component: 'storage' });
    this.#current.set(name, version);
    this.announce(name);
    return { version, previousVersion: before.version };
  }

  async readBackup({ backupId }: { backupId: string }) {
    this.#check();
    const at = Number(backupId);
    return { backupId: String(at + 1), data: this.backup[at] ?? Buffer.alloc(0), last: at + 1 >= this.backup.length };
  }

  async deleteFunction({ name }: { name: string }) {
    this.#check();
    const kept = this.versions.filter((version) => version.name !== name);
    const versionsDeleted = this.versions.length - kept.length;
    if (versionsDeleted === 0) throw new RelaisError('not_found', `There is no function ${name}.`);
    this.versions.splice(0, this.versions.length, ...kept);
    this.#current.delete(name);
    this.announce(name);
    return { versionsDeleted };
  }

  async getBlob({ digest }: { digest: string }) {
    this.#check();
    const content = this.#blobs.get(digest);
    if (!content) throw new RelaisError('not_found', 'There is no such blob.');
    return { content };
  }

  async createKey({ key }: CreateKeyRequest) {
    this.#check();
    if (key) this.keys.set(key.id, key);
    this.announce(`key/${key?.id}`);
    return {};
  }

  async listKeys() {
    this.#check();
    this.keyLists++;
    return { keys: [...this.keys.values()] };
  }

  async getKey({ id }: { id: string }) {
    this.#check();
    this.keyReads++;
    const key = this.keys.get(id);
    if (!key) throw new RelaisError('not_found', 'There is no such key.', { component: 'storage' });
    return { key };
  }

  async deleteKey({ id }: { id: string }) {
    this.#check();
    if (!this.keys.delete(id)) throw new RelaisError('not_found', 'There is no such key.', { component: 'storage' });
    this.announce(`key/${id}`);
    return {};
  }

  async putSecret({ secret }: { secret?: SecretRecord | undefined }) {
    this.#check();
    const next = (this.secrets.get(secret?.name ?? '')?.version ?? 0) + 1;
    if (secret?.version !== next) throw new RelaisError('already_exists', 'Changed.', { reason: 'secret_changed' });
    this.secrets.set(secret.name, secret);
    this.announce(`secret/${secret.name}`);
    return {};
  }

  async getSecret({ name }: { name: string }) {
    this.#check();
    this.secretReads++;
    const secret = this.secrets.get(name);
    if (!secret) throw new RelaisError('not_found', 'There is no such secret.', { component: 'storage' });
    return { secret };
  }

  async listSecrets() {
    this.#check();
    return { secrets: [...this.secrets.values()] };
  }

  async deleteSecret({ name }: { name: string }) {
    this.#check();
    if (!this.secrets.delete(name)) throw new RelaisError('not_found', 'There is no such secret.');
    this.announce(`secret/${name}`);
    return {};
  }

  async waitForChange(request: WaitForChangeRequest, context: CallContext): Promise<WaitForChangeResponse> {
    this.#check();
    if (request.afterRevision >= this.#changes.length && request.waitMs > 0) {
      await new Promise<void>((resolve) => {
        this.#waiting.push(resolve);
        context.signal?.addEventListener('abort', () => resolve());
      });
      this.#check();
    }
    const names = this.#changes.slice(request.afterRevision);
    return { revision: this.#changes.length, names, allChanged: false };
  }

  /** Tells the feed that a name changed, as another gateway's write would. */
  announce(name: string): void {
    this.#changes.push(name);
    this.wake();
  }

  /** Lets every waiting poll look again. */
  wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }

  #check(): void {
    if (this.broken) throw this.broken;
  }

  #numbered(name: string | undefined, number: number): FunctionVersion | undefined {
    return this.versions.find((each) => each.name === name && each.version === number);
  }

  #put(content: Buffer): string {
    const digest = createHash('sha256').update(content).digest('hex');
    this.#blobs.set(digest, content);
    return digest;
  }
}
