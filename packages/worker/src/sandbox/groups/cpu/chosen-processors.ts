import { writeFileSync } from 'node:fs';

/** The processors that a group may use: all that there are, or all but the first ones. */
export class ChosenProcessors {
  readonly #file: string;
  readonly #all: readonly number[];

  /** A file of the kernel that says which, and all that may stand there. */
  constructor(file: string, all: readonly number[]) {
    this.#file = file;
    this.#all = all;
  }

  /** So many are left to others, but not the last one. Never throws. */
  leave(count: number): void {
    try {
      writeFileSync(this.#file, this.#all.slice(Math.min(count, this.#all.length - 1)).join());
    } catch {
      // It is gone.
    }
  }
}

/** What a list such as "0-2,8" names. */
export function processorsIn(list: string): number[] {
  return list
    .trim()
    .split(',')
    .filter((part) => part !== '')
    .flatMap((part) => {
      const [first = 0, last = first] = part.split('-').map(Number);
      return Array.from({ length: last - first + 1 }, (_, at) => first + at);
    });
}
