import { constants } from 'node:os';

// Some numbers have two names (SIGABRT, SIGIOT), of which the first is the usual one.
const names = new Map(
  Object.entries(constants.signals)
    .reverse()
    .map(([name, number]) => [number, name]),
);

/** The name of a signal's number; undefined when it is none. */
export function signalOf(number: number): string | undefined {
  return names.get(number);
}
