import { webcrypto } from 'node:crypto';
import { type CreateVersionRequest, FunctionConfig, FunctionVersion } from '@relais/contracts';
import type { CallContext, Clock } from '@relais/kit';
import type { Write } from '../backends/backend.js';
import type { Mutation, Plan } from '../commit/group-commit.js';
import { overLimit, recordCorrupt, storageError } from '../errors.js';
import { keys, lastNumber, ranges } from '../records/keys.js';
import { freeze, put, putVersion, type RecordReader } from '../records/record-reader.js';
import type { StorageBounds } from './bounds.js';
import { type Catalog, tooManyFunctions } from './catalog.js';
import { formatId, mustBeName, secondsOf } from './reference.js';

// Keeps ids at ten digits on a machine whose clock starts in 1970.
const secondsMin = 1_000_000_000;
const textCharactersMax = 255;
const configBytesMax = 16 * 1024;

/** What one batch is about to make current, by name. */
export type Stage = Map<string, FunctionVersion>;

/** What creating a version needs to know. */
export interface CreateScope {
  readonly catalog: Catalog;
  readonly reader: RecordReader;
  readonly bounds: StorageBounds;
  readonly clock: Clock;
}

/**
 * Checks a request and answers the mutation that stores it: the next version number, and an id of the current second or,
 * when the name has used that already, of the next free one. The mutation is refused with already_exists reason
 * `name_taken`, resource_exhausted reasons `functions_limit` and `versions_limit`, cancelled.
 */
export function createVersion(
  scope: CreateScope,
  request: CreateVersionRequest,
  context: CallContext,
): Mutation<Stage, FunctionVersion> {
  mustBeInBounds(request, scope.bounds);
  // Begun now, waited for in the plan: hashes end in any order, deploys must not.
  const prepared = prepare(request);
  prepared.catch(() => {});
  return {
    bytes: request.source.length + request.artifact.length + configBytesMax,
    alone: false,
    async plan(stage) {
      if (context.signal?.aborted) throw storageError('cancelled', 'caller_gone', 'The caller no longer waits.');
      const { draft, blobs } = await prepared;
      const { version, writes } = await place(scope, draft, request.update, stage);
      stage.set(version.name, version);
      return planOf(scope.catalog, version, [...blobs, ...writes]);
    },
  };
}

/** What of a version does not depend on those before it, and its blobs. */
async function prepare(request: CreateVersionRequest): Promise<{ draft: FunctionVersion; blobs: Write[] }> {
  const { source } = request;
  const artifact = request.artifact.length > 0 ? request.artifact : source;
  const sourceDigest = await sha256(source);
  const artifactDigest = artifact === source ? sourceDigest : await sha256(artifact);
  const contents = new Map([
    [sourceDigest, source],
    [artifactDigest, artifact],
  ]);
  const draft = FunctionVersion.create({
    name: request.name,
    lang: request.lang,
    wasm: request.wasm,
    form: request.form,
    sourceDigest,
    artifactDigest,
    sourceBytes: source.length,
    artifactBytes: artifact.length,
    filename: request.filename,
    config: request.config ?? FunctionConfig.create(),
    isolationCost: request.isolationCost,
  });
  return { draft, blobs: [...contents].map(([digest, content]) => put(keys.blob(digest), content)) };
}

function mustBeInBounds(request: CreateVersionRequest, bounds: StorageBounds): void {
  mustBeName(request.name);
  const sizes: [string, number, number][] = [
    ['sourceBytesMax', bounds.sourceBytesMax, request.source.length],
    ['artifactBytesMax', bounds.artifactBytesMax, request.artifact.length],
    ['filenameCharactersMax', textCharactersMax, request.filename.length],
    ['langCharactersMax', textCharactersMax, request.lang.length],
    ['configBytesMax', configBytesMax, request.config ? FunctionConfig.encode(request.config).finish().length : 0],
  ];
  for (const [name, limit, used] of sizes) {
    if (used > limit)
      throw overLimit(name, limit, used, `The deploy is too large: ${name} is ${limit}, this has ${used}.`);
  }
}

/** Finds number and id of the new version. */
async function place(scope: CreateScope, draft: FunctionVersion, update: boolean, stage: Stage) {
  const { name } = draft;
  const current = stage.get(name) ?? scope.catalog.index.get(name);
  if (current && !update) {
    const message = `There is a function ${name} already; only an update gives it a new version.`;
    throw storageError('already_exists', 'name_taken', message);
  }
  const newest = stage.get(name) ?? (current && (await newestOf(scope, current)));
  if (newest) mustHaveRoom(name, newest.version, scope.bounds.versionsPerFunctionMax);
  const last = newest ?? (await lastOfDeleted(scope, name, stage));
  const createdAtMs = scope.clock.wallMs();
  const nextFree = last ? secondsOf(last.id) + 1 : secondsMin;
  const seconds = Math.max(Math.floor(createdAtMs / 1000), nextFree, secondsMin);
  const number = (newest?.version ?? 0) + 1;
  const filled = { ...draft, id: formatId(name, seconds), version: number, createdAtMs };
  // Through its encoding, so that what is answered now is what will be read later, and shares nothing with the request.
  const version = freeze(FunctionVersion.decode(FunctionVersion.encode(filled).finish()));
  return { version, writes: recordsOf(version, seconds, last !== undefined && !current) };
}

/** Number and id of the newest version, which is not the current one after a rollback. */
async function newestOf({ bounds, reader }: CreateScope, { name, version }: FunctionVersion) {
  const from = keys.number(name, version);
  let newest: { readonly id: string; readonly version: number } | undefined;
  for await (const scanned of reader.contents({ ...ranges.numbers(name, bounds.versionsPerFunctionMax), from })) {
    if ('damage' in scanned) throw scanned.damage;
    newest = { id: formatId(name, Number(scanned.content.toString())), version: lastNumber(scanned.key) };
  }
  if (!newest) throw recordCorrupt(from, 'It is gone while it is current; restore a backup.');
  return newest;
}

function mustHaveRoom(name: string, versions: number, limit: number): void {
  if (versions < limit) return;
  const message = `${name} has ${versions} versions, the most there may be; delete it or deploy under another name.`;
  throw storageError('resource_exhausted', 'versions_limit', message, {
    retryable: false,
    limit: { name: 'versionsPerFunctionMax', limit, used: versions + 1 },
  });
}

/** The tombstone of a name that is new or was deleted; undefined when it was never used. */
async function lastOfDeleted(scope: CreateScope, name: string, stage: Stage): Promise<FunctionVersion | undefined> {
  const { catalog, bounds, reader } = scope;
  const staged = [...stage.keys()].filter((other) => !catalog.index.has(other)).length;
  if (catalog.index.size + staged >= bounds.functionsMax) throw tooManyFunctions(bounds.functionsMax);
  if (await reader.holdsOthers(ranges.versions(name, 1), new Set())) {
    throw recordCorrupt(keys.current(name), 'It is gone while versions are there; restore a backup.');
  }
  return reader.version(keys.tombstone(name));
}

function recordsOf(version: FunctionVersion, seconds: number, buried: boolean): Write[] {
  const { name, sourceDigest, artifactDigest } = version;
  const digests = new Set([sourceDigest, artifactDigest]);
  const writes: Write[] = [
    ...[...digests].map((digest) => put(keys.reference(digest, name, seconds), Buffer.alloc(0))),
    putVersion(keys.version(name, seconds), version),
    put(keys.number(name, version.version), Buffer.from(String(seconds))),
    putVersion(keys.current(name), version),
  ];
  if (buried) writes.push({ op: 'delete', key: keys.tombstone(name) });
  return writes;
}

function planOf(catalog: Catalog, version: FunctionVersion, writes: Write[]): Plan<FunctionVersion> {
  return {
    writes,
    apply() {
      catalog.becameCurrent(version);
      return version;
    },
  };
}

/** Lower-case hexadecimal SHA-256, computed off the event loop. */
async function sha256(content: Buffer): Promise<string> {
  return Buffer.from(await webcrypto.subtle.digest('SHA-256', content)).toString('hex');
}
