import type { KeyRange } from '../backends/backend.js';

// current/NAME                      FunctionVersion: the current version, a copy
// version/NAME/SECONDS              FunctionVersion
// number/NAME/NUMBER                SECONDS of that version
// tombstone/NAME                    FunctionVersion with name and id alone: the last id of a deleted function
// blob/DIGEST                       content
// reference/DIGEST/NAME/SECONDS     empty: that version needs the blob
// key/ID                            KeyRecord
// secret/NAME                       SecretRecord
//
// A name holds no "/", so no key of one name is a prefix of another's. Numbers are padded: their order is the keys'.
const digits = 12;
const padded = (value: number): string => String(value).padStart(digits, '0');
const under = (prefix: string, limit: number): KeyRange => ({ from: `${prefix}/`, to: `${prefix}0`, limit });

export const keys = {
  current: (name: string): string => `current/${name}`,
  version: (name: string, seconds: number): string => `version/${name}/${padded(seconds)}`,
  number: (name: string, version: number): string => `number/${name}/${padded(version)}`,
  tombstone: (name: string): string => `tombstone/${name}`,
  blob: (digest: string): string => `blob/${digest}`,
  reference: (digest: string, name: string, seconds: number): string =>
    `reference/${digest}/${name}/${padded(seconds)}`,
};

export const ranges = {
  current: (limit: number): KeyRange => under('current', limit),
  versions: (name: string, limit: number): KeyRange => under(`version/${name}`, limit),
  numbers: (name: string, limit: number): KeyRange => under(`number/${name}`, limit),
  references: (digest: string, limit: number): KeyRange => under(`reference/${digest}`, limit),
};

/** Whether this release knows what is kept under a key. */
export function isKnownKey(key: string): boolean {
  return /^(current|version|number|tombstone|blob|reference|key|secret)\/./.test(key);
}

/** The same range behind a key already read. */
export function after(range: KeyRange, key: string): KeyRange {
  // "!" sorts before every character of a key, so nothing lies between.
  return { ...range, from: `${key}!` };
}

/** The last part of a key as a number. */
export function lastNumber(key: string): number {
  return Number(key.slice(key.lastIndexOf('/') + 1));
}

/** The name in a key of current versions. */
export function nameOfCurrent(key: string): string {
  return key.slice('current/'.length);
}
