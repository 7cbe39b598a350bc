import type { FunctionVersion } from '@relais/contracts';
import type { RelaisError } from '@relais/kit';

/** The current version of every function, in memory, ordered by name; and the names whose record is damaged. */
export class CurrentIndex {
  readonly #versions = new Map<string, FunctionVersion>();
  readonly #damages = new Map<string, RelaisError>();
  readonly #names: string[] = [];

  get size(): number {
    return this.#names.length;
  }

  /** Undefined when there is no such function. Throws `record_corrupt` when its record is damaged. */
  get(name: string): FunctionVersion | undefined {
    const version = this.#versions.get(name);
    if (version) return version;
    const damage = this.#damages.get(name);
    if (damage) throw damage;
    return undefined;
  }

  /** Whether there is such a function, damaged or not. */
  has(name: string): boolean {
    return this.#versions.has(name) || this.#damages.has(name);
  }

  set(version: FunctionVersion): void {
    const { name } = version;
    if (!this.#versions.has(name)) this.#names.splice(this.#firstAfter(name), 0, name);
    this.#versions.set(name, version);
  }

  setDamaged(name: string, damage: RelaisError): void {
    this.#damages.set(name, damage);
  }

  delete(name: string): void {
    this.#damages.delete(name);
    if (this.#versions.delete(name)) this.#names.splice(this.#firstAfter(name) - 1, 1);
  }

  /** Current versions whose names come after the given one in byte order. Damaged ones are left out. */
  page(afterName: string, size: number): { versions: FunctionVersion[]; more: boolean } {
    const from = this.#firstAfter(afterName);
    const names = this.#names.slice(from, from + size);
    const versions = names.flatMap((name) => this.#versions.get(name) ?? []);
    return { versions, more: from + size < this.#names.length };
  }

  #firstAfter(name: string): number {
    let low = 0;
    let high = this.#names.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#names[middle] ?? '') <= name) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
