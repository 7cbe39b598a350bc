import type { FunctionVersion } from '@relais/contracts';
import type { Mutation } from '../commit/group-commit.js';
import { storageError } from '../errors.js';
import { keys } from '../records/keys.js';
import { putVersion } from '../records/record-reader.js';
import { type Catalog, functionNotFound } from './catalog.js';
import type { Stage } from './create-version.js';

/** A version that is current now, and the number of the one before it. */
export interface Change {
  readonly version: FunctionVersion;
  readonly previousVersion: number;
}

/**
 * The mutation that makes a stored version the current one; 0 is the one before the current one. Nothing else changes:
 * versions are immutable, and a deploy counts on from the newest. Refused with not_found (`function_not_found`,
 * `version_not_found`), failed_precondition (`no_earlier_version`), and internal (`record_corrupt`).
 */
export function setCurrent(catalog: Catalog, name: string, number: number): Mutation<Stage, Change> {
  return {
    bytes: 0,
    // It looks at what is current, so nothing may be on its way.
    alone: true,
    async plan() {
      const before = catalog.index.get(name);
      if (!before) throw functionNotFound(name);
      const wanted = number === 0 ? before.version - 1 : number;
      if (wanted === 0) throw noEarlierVersion(name);
      const version = await catalog.resolve({ kind: 'number', name, version: wanted });
      const isCurrent = version.version === before.version;
      return {
        writes: isCurrent ? [] : [putVersion(keys.current(name), version)],
        apply() {
          catalog.becameCurrent(version);
          return { version, previousVersion: before.version };
        },
      };
    },
  };
}

function noEarlierVersion(name: string) {
  const message = `${name}@1 is current, and there is no version before it.`;
  return storageError('failed_precondition', 'no_earlier_version', message);
}
