import type {
  ArtifactServiceService,
  CreateKeyRequest,
  CreateKeyResponse,
  CreateVersionRequest,
  CreateVersionResponse,
  DeleteFunctionRequest,
  DeleteFunctionResponse,
  DeleteKeyRequest,
  DeleteKeyResponse,
  DeleteSecretRequest,
  DeleteSecretResponse,
  GetBlobRequest,
  GetBlobResponse,
  GetKeyRequest,
  GetKeyResponse,
  GetSecretRequest,
  GetSecretResponse,
  GetVersionRequest,
  GetVersionResponse,
  KeyRecord,
  ListFunctionsRequest,
  ListFunctionsResponse,
  ListKeysRequest,
  ListKeysResponse,
  ListSecretsRequest,
  ListSecretsResponse,
  ListVersionsRequest,
  ListVersionsResponse,
  PutSecretRequest,
  PutSecretResponse,
  ReadBackupRequest,
  ReadBackupResponse,
  ResolveFunctionRequest,
  ResolveFunctionResponse,
  SecretRecord,
  SetCurrentRequest,
  SetCurrentResponse,
  StorageServiceService,
  WaitForChangeRequest,
  WaitForChangeResponse,
} from '@relais/contracts';
import {
  type CallContext,
  type Clock,
  type Component,
  type Logger,
  MetricRegistry,
  RelaisError,
  type ServiceOf,
} from '@relais/kit';
import type { Backend } from '../backends/backend.js';
import { OpenBackups } from '../backup/open-backups.js';
import { GroupCommit, type Mutation } from '../commit/group-commit.js';
import { overLimit, recordCorrupt, storageError, storageFailure } from '../errors.js';
import { ChangeFeed } from '../feed/change-feed.js';
import { keys, ranges } from '../records/keys.js';
import { apiKeys, secrets } from '../records/kinds.js';
import { RecordReader } from '../records/record-reader.js';
import { RecordTable } from '../records/record-table.js';
import { defaultStorageBounds, type StorageBounds } from './bounds.js';
import { Catalog, functionNotFound } from './catalog.js';
import { createVersion, type Stage } from './create-version.js';
import { deleteFunction } from './delete-function.js';
import { listVersions } from './list-versions.js';
import { mustBeName, parseReference } from './reference.js';
import { setCurrent } from './set-current.js';

const pageSizeMax = 1000;
const digestForm = /^[0-9a-f]{64}$/;

export interface FunctionStoreOptions {
  /** Started before the store and stopped after it, by whoever made it. */
  readonly backend: Backend;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Those not given are {@link defaultStorageBounds}. */
  readonly bounds?: Partial<StorageBounds>;
  /** Counts here what it does; nobody sees it when absent. */
  readonly metrics?: MetricRegistry;
}

type Services = ServiceOf<typeof StorageServiceService> & ServiceOf<typeof ArtifactServiceService>;

/**
 * The storage role: functions, their immutable versions and their blobs, on any backend. A write that is answered is on
 * disk; a reader sees the state before it or after it. Every error carries component "storage".
 */
export class FunctionStore implements Services, Component {
  readonly name = 'storage';
  readonly #backend: Backend;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #bounds: StorageBounds;
  readonly #reader: RecordReader;
  readonly #catalog: Catalog;
  readonly #keys: RecordTable<KeyRecord>;
  readonly #secrets: RecordTable<SecretRecord>;
  readonly #feed: ChangeFeed;
  readonly #backups: OpenBackups;
  readonly #commits: GroupCommit<Stage>;
  #open = false;

  constructor({ backend, clock, logger, bounds, metrics = new MetricRegistry() }: FunctionStoreOptions) {
    this.#backend = backend;
    this.#clock = clock;
    this.#logger = logger;
    this.#bounds = { ...defaultStorageBounds, ...bounds };
    this.#reader = new RecordReader(backend);
    this.#catalog = new Catalog(this.#reader, this.#bounds, logger);
    const { keysMax, secretsMax } = this.#bounds;
    this.#keys = new RecordTable(apiKeys, { reader: this.#reader, logger, recordsMax: keysMax });
    this.#secrets = new RecordTable(secrets, { reader: this.#reader, logger, recordsMax: secretsMax });
    this.#feed = new ChangeFeed({ clock, ...this.#bounds });
    this.#backups = new OpenBackups({ backend, clock, ...this.#bounds });
    this.#commits = new GroupCommit({
      logger,
      backend,
      clock,
      newStage: () => new Map(),
      reload: () => this.#reload(),
      writeSeconds: metrics.histogram(
        'relais_storage_write_seconds',
        'Time of a synced write of one batch of changes.',
      ),
      ...this.#bounds,
    });
    const waiting = 'Changes that wait for the disk.';
    metrics.gauge('relais_storage_waiting_changes', waiting, () => this.#commits.waitingCount);
    const writable = 'Whether the last synced write succeeded: 0 while changes are refused for what the disk does.';
    metrics.gauge('relais_storage_writable', writable, () => Number(this.#commits.writable));
    metrics.gauge('relais_storage_functions', 'Functions that are stored.', () => this.#catalog.index.size);
  }

  /** Reads the current versions into memory. Rejects with failed_precondition when the backend's content is unusable. */
  async start(): Promise<void> {
    try {
      await this.#load();
    } catch (error) {
      const failure = storageFailure(error);
      if (failure.fields.reason !== 'record_corrupt') throw failure;
      const message = `${failure.message} ${this.#backend.name} was not opened.`;
      throw storageError('failed_precondition', 'storage_corrupt', message, { cause: failure });
    }
    this.#open = true;
    this.#logger.info({ functions: this.#catalog.index.size, backend: this.#backend.name }, 'Storage serves.');
  }

  /** Answers waiting polls at once, then writes what is waiting for the disk. */
  async stop(graceMs: number): Promise<void> {
    this.#feed.stop();
    this.#backups.stop();
    await this.#commits.stop(graceMs);
    this.#open = false;
  }

  /**
   * Stores a version with its blobs. Errors: invalid_argument (`invalid_name`, `name_looks_like_id`, `out_of_bounds`),
   * already_exists (`name_taken`), resource_exhausted (`functions_limit`, `versions_limit`, `storage_queue_full`),
   * unavailable (`storage_write_failed`: whether it landed is known to the next change only).
   */
  createVersion(request: CreateVersionRequest, context: CallContext): Promise<CreateVersionResponse> {
    return this.#answer(async () => {
      const scope = { catalog: this.#catalog, reader: this.#reader, bounds: this.#bounds, clock: this.#clock };
      const version = await this.#change(request.name, createVersion(scope, request, context));
      return { version };
    });
  }

  /** Resolves NAME, NAME_UNIXSECONDS or NAME@VERSION; see {@link parseReference} for what names what. */
  resolveFunction(request: ResolveFunctionRequest, _context: CallContext): Promise<ResolveFunctionResponse> {
    return this.#answer(async () => ({ version: await this.#catalog.resolve(parseReference(request.function)) }));
  }

  /** A function whose record is damaged is left out; it was logged at start. */
  listFunctions({ pageSize, afterName }: ListFunctionsRequest, _context: CallContext): Promise<ListFunctionsResponse> {
    return this.#answer(async () => {
      mustBePageSize(pageSize);
      return this.#catalog.index.page(afterName, pageSize);
    });
  }

  /** A version whose record is damaged is left out, and logged. */
  listVersions(request: ListVersionsRequest, _context: CallContext): Promise<ListVersionsResponse> {
    return this.#answer(async () => {
      mustBeName(request.name);
      mustBePageSize(request.pageSize);
      const current = this.#catalog.index.get(request.name);
      if (!current) throw functionNotFound(request.name);
      const page = await listVersions({ reader: this.#reader, logger: this.#logger }, request);
      return { ...page, currentVersion: current.version };
    });
  }

  setCurrent({ name, version }: SetCurrentRequest, _context: CallContext): Promise<SetCurrentResponse> {
    return this.#answer(async () => {
      mustBeName(name);
      return this.#change(name, setCurrent(this.#catalog, name, version));
    });
  }

  deleteFunction({ name }: DeleteFunctionRequest, _context: CallContext): Promise<DeleteFunctionResponse> {
    return this.#answer(async () => {
      mustBeName(name);
      const scope = { catalog: this.#catalog, reader: this.#reader, bounds: this.#bounds, logger: this.#logger };
      return { versionsDeleted: await this.#change(name, deleteFunction(scope, name)) };
    });
  }

  getBlob({ digest }: GetBlobRequest, _context: CallContext): Promise<GetBlobResponse> {
    return this.#answer(async () => ({ content: await this.#blob(digest) }));
  }

  /** See {@link ChangeFeed}. */
  waitForChange(request: WaitForChangeRequest, context: CallContext): Promise<WaitForChangeResponse> {
    return this.#answer(() => this.#feed.wait(request, context));
  }

  getVersion({ id }: GetVersionRequest, _context: CallContext): Promise<GetVersionResponse> {
    return this.#answer(async () => {
      const reference = parseReference(id);
      if (reference.kind !== 'id') {
        throw storageError('invalid_argument', 'invalid_reference', 'A version is named by its id, NAME_UNIXSECONDS.');
      }
      const version = await this.#catalog.resolve(reference);
      return { version, artifact: await this.#blob(version.artifactDigest) };
    });
  }

  /** Errors: invalid_argument, already_exists (`key_exists`), resource_exhausted (`keys_limit`), unavailable. */
  createKey({ key }: CreateKeyRequest, _context: CallContext): Promise<CreateKeyResponse> {
    return this.#answer(async () => {
      if (!key) throw storageError('invalid_argument', 'invalid_key', 'There is no key in the request.');
      await this.#change(this.#keys.keyOf(key.id), this.#keys.put(key));
      return {};
    });
  }

  listKeys(_request: ListKeysRequest, _context: CallContext): Promise<ListKeysResponse> {
    return this.#answer(async () => ({ keys: this.#keys.list() }));
  }

  getKey({ id }: GetKeyRequest, _context: CallContext): Promise<GetKeyResponse> {
    return this.#answer(async () => ({ key: this.#keys.get(id) }));
  }

  deleteKey({ id }: DeleteKeyRequest, _context: CallContext): Promise<DeleteKeyResponse> {
    return this.#answer(async () => {
      await this.#change(this.#keys.keyOf(id), this.#keys.delete(id));
      return {};
    });
  }

  /** Errors: invalid_argument, already_exists (`secret_changed`), resource_exhausted (`secrets_limit`), unavailable. */
  putSecret({ secret }: PutSecretRequest, _context: CallContext): Promise<PutSecretResponse> {
    return this.#answer(async () => {
      if (!secret) throw storageError('invalid_argument', 'invalid_secret', 'There is no secret in the request.');
      await this.#change(this.#secrets.keyOf(secret.name), this.#secrets.put(secret));
      return {};
    });
  }

  getSecret({ name }: GetSecretRequest, _context: CallContext): Promise<GetSecretResponse> {
    return this.#answer(async () => ({ secret: this.#secrets.get(name) }));
  }

  listSecrets(_request: ListSecretsRequest, _context: CallContext): Promise<ListSecretsResponse> {
    return this.#answer(async () => ({ secrets: this.#secrets.list() }));
  }

  deleteSecret({ name }: DeleteSecretRequest, _context: CallContext): Promise<DeleteSecretResponse> {
    return this.#answer(async () => {
      await this.#change(this.#secrets.keyOf(name), this.#secrets.delete(name));
      return {};
    });
  }

  /** See {@link OpenBackups}. */
  readBackup({ backupId }: ReadBackupRequest, _context: CallContext): Promise<ReadBackupResponse> {
    return this.#answer(() => this.#backups.read(backupId));
  }

  async #blob(digest: string): Promise<Buffer> {
    if (!digestForm.test(digest)) {
      throw storageError('invalid_argument', 'invalid_digest', 'A digest is 64 lower-case hexadecimal digits.');
    }
    const content = await this.#reader.content(keys.blob(digest));
    if (content) return content;
    if (await this.#reader.holdsOthers(ranges.references(digest, 1), new Set())) {
      throw recordCorrupt(keys.blob(digest), 'It is gone while versions need it; deploy the same source again.');
    }
    throw storageError('not_found', 'blob_not_found', `There is no blob ${digest}.`);
  }

  async #change<Result>(name: string, mutation: Mutation<Stage, Result>): Promise<Result> {
    const result = await this.#commits.commit(mutation);
    this.#feed.publish([name]);
    return result;
  }

  async #load(): Promise<void> {
    await this.#catalog.load();
    await this.#keys.load();
    await this.#secrets.load();
  }

  async #reload(): Promise<void> {
    await this.#load();
    this.#feed.reset();
  }

  /** Only RelaisError leaves the role. */
  async #answer<Response>(work: () => Promise<Response>): Promise<Response> {
    try {
      if (!this.#open)
        throw storageError('unavailable', 'storage_closed', 'The storage is not started or has stopped.');
      return await work();
    } catch (error) {
      const failure = storageFailure(error);
      if (!RelaisError.is(error)) this.#logger.error({ err: error }, 'Storage failed on its own account.');
      throw failure;
    }
  }
}

function mustBePageSize(pageSize: number): void {
  if (pageSize >= 1 && pageSize <= pageSizeMax) return;
  throw overLimit('pageSize', pageSizeMax, pageSize, `page_size is 1 to ${pageSizeMax}.`);
}
