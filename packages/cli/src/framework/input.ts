import { wrongUse } from './failures.js';

type Value = string | boolean | readonly string[] | undefined;

/** What was typed behind a command, already checked against its table entry. */
export class Input {
  readonly #arguments: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly #options: Readonly<Record<string, Value>>;
  /** Everything behind the command's name, for one that reads its own flags. */
  readonly raw: readonly string[];

  constructor(
    args: Readonly<Record<string, string | readonly string[] | undefined>>,
    options: Readonly<Record<string, Value>>,
    raw: readonly string[] = [],
  ) {
    this.#arguments = args;
    this.#options = options;
    this.raw = raw;
  }

  /** A required argument. */
  argument(name: string): string {
    return this.optionalArgument(name) ?? '';
  }

  optionalArgument(name: string): string | undefined {
    const value = this.#arguments[name];
    return typeof value === 'string' ? value : undefined;
  }

  /** All values of a repeated argument. */
  arguments(name: string): readonly string[] {
    const value = this.#arguments[name];
    return typeof value === 'string' ? [value] : (value ?? []);
  }

  flag(name: string): boolean {
    return this.#options[name] === true;
  }

  text(name: string): string | undefined {
    const value = this.#options[name];
    return typeof value === 'string' ? value : undefined;
  }

  texts(name: string): readonly string[] {
    const value = this.#options[name];
    if (typeof value === 'string') return [value];
    return Array.isArray(value) ? value : [];
  }

  /** A whole number above 0. Throws invalid_argument reason "wrong_use". */
  count(name: string): number | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    if (/^[1-9][0-9]{0,8}$/.test(text)) return Number(text);
    throw wrongUse(`--${name} takes a whole number from 1 to 999999999, not "${text}".`);
  }
}
