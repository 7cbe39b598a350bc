import { FunctionVersion } from '@relais/contracts';
import type { Logger } from '@relais/kit';
import type { Write } from '../backends/backend.js';
import type { Mutation } from '../commit/group-commit.js';
import { keys, lastNumber, ranges } from '../records/keys.js';
import { putVersion, type RecordReader } from '../records/record-reader.js';
import type { StorageBounds } from './bounds.js';
import { type Catalog, functionNotFound } from './catalog.js';
import type { Stage } from './create-version.js';
import { formatId } from './reference.js';

/** What deleting a function needs to know. */
export interface DeleteScope {
  readonly catalog: Catalog;
  readonly reader: RecordReader;
  readonly bounds: StorageBounds;
  readonly logger: Logger;
}

/**
 * The mutation that removes a name, its versions and the blobs that no other version needs, and leaves a tombstone so
 * that no id is used twice. Answers how many versions went. Refused with not_found. Damaged records go too, but blobs
 * that only a damaged version named stay.
 */
export function deleteFunction(scope: DeleteScope, name: string): Mutation<Stage, number> {
  return {
    bytes: 0,
    // It asks the disk who else needs a blob, so nothing may be on its way there.
    alone: true,
    async plan() {
      const { catalog } = scope;
      if (!catalog.index.has(name)) throw functionNotFound(name);
      const { versionKeys, references } = await survey(scope, name);
      const numberKeys = await scope.reader.keys(ranges.numbers(name, scope.bounds.versionsPerFunctionMax));
      const blobKeys = await freedBlobs(scope.reader, references);
      const gone = [
        keys.current(name),
        ...versionKeys,
        ...numberKeys,
        ...[...references.values()].flatMap((s) => [...s]),
      ];
      const writes = [...gone, ...blobKeys].map((key): Write => ({ op: 'delete', key }));
      const id = formatId(name, lastNumber(versionKeys.at(-1) ?? '/0'));
      writes.push(putVersion(keys.tombstone(name), FunctionVersion.create({ name, id })));
      return {
        writes,
        apply() {
          catalog.deleted(name, [...versionKeys, ...numberKeys]);
          return versionKeys.length;
        },
      };
    },
  };
}

/** The versions of a name in order, and by digest the references they make. */
async function survey({ reader, bounds, logger }: DeleteScope, name: string) {
  const versionKeys: string[] = [];
  const references = new Map<string, Set<string>>();
  for await (const scanned of reader.scan(ranges.versions(name, bounds.versionsPerFunctionMax))) {
    versionKeys.push(scanned.key);
    if ('damage' in scanned) {
      logger.warn({ key: scanned.key }, 'A damaged version is deleted; blobs that only it named stay behind.');
      continue;
    }
    const { sourceDigest, artifactDigest } = scanned.version;
    for (const digest of [sourceDigest, artifactDigest]) {
      const ofDigest = references.get(digest) ?? new Set();
      references.set(digest, ofDigest.add(keys.reference(digest, name, lastNumber(scanned.key))));
    }
  }
  return { versionKeys, references };
}

/** Keys of the blobs that nothing but the given references needs. */
async function freedBlobs(
  reader: RecordReader,
  references: ReadonlyMap<string, ReadonlySet<string>>,
): Promise<string[]> {
  const freed: string[] = [];
  for (const [digest, own] of references) {
    if (!(await reader.holdsOthers(ranges.references(digest, own.size), own))) freed.push(keys.blob(digest));
  }
  return freed;
}
