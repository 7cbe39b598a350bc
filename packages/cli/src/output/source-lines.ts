import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RelaisError } from '@relais/sdk';

/** Reads a line of a source, 1-based, so that a diagnostic can show it; undefined when it is not known. */
export type SourceLine = (file: string, line: number) => string | undefined;

const bases = new WeakMap<RelaisError, string>();

/** Remembers where the files are that a failure's diagnostics name. */
export function rememberBase(failure: RelaisError, directory: string): void {
  bases.set(failure, directory);
}

/** Lines of the files that a failure speaks of. */
export function sourceLineOf(failure: RelaisError): SourceLine {
  const base = bases.get(failure);
  return base === undefined ? () => undefined : sourceLineIn(base);
}

/** Lines of the files in a directory. */
export function sourceLineIn(directory: string): SourceLine {
  return (file, line) => {
    try {
      return readFileSync(join(directory, file), 'utf8').split('\n')[line - 1];
    } catch {
      // The name may be one the platform gave.
      return undefined;
    }
  };
}
