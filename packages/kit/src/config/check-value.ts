import type { ConfigKey, EnumKey, ListKey, NumberKey } from './keys.js';
import { unitOf } from './names.js';

/** A value of its key's type, or what is wrong with it: the rest of a sentence that began with where it came from. */
export type Checked = { readonly value: unknown } | { readonly mistake: string };

const stringLengthMax = 4096;
const listLengthMax = 64;
const shownLengthMax = 80;

/** Checks a value as a JSON file or a default has it. Nothing is converted but the case of an enum's value. */
export function checkValue(name: string, key: ConfigKey, value: unknown): Checked {
  switch (key.kind) {
    case 'int':
    case 'number':
      return checkNumber(name, key, value);
    case 'string':
      if (typeof value !== 'string') return wrong('text', key, value);
      return bounded(value, value.length, key.min ?? 0, key.max ?? stringLengthMax, 'characters long');
    case 'boolean':
      return typeof value === 'boolean' ? { value } : wrong('true or false', key, value);
    case 'enum':
      return typeof value === 'string' ? pick(key, value) : wrong(choiceOf(key.values), key, value);
    case 'list':
      return checkList(key, value);
  }
}

/** Checks a value as the environment or a flag has it: text that is read as the key's kind asks. */
export function checkText(name: string, key: ConfigKey, text: string): Checked {
  switch (key.kind) {
    case 'int':
    case 'number':
      return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text)
        ? checkNumber(name, key, Number(text))
        : wrong(numberWord(key), key, text);
    case 'boolean':
      return /^(true|false)$/i.test(text)
        ? { value: text.toLowerCase() === 'true' }
        : wrong('true or false', key, text);
    case 'list':
      return checkList(
        key,
        text.split(',').map((item) => item.trim()),
      );
    default:
      return checkValue(name, key, text);
  }
}

function checkNumber(name: string, key: NumberKey, value: unknown): Checked {
  if (typeof value !== 'number' || Number.isNaN(value)) return wrong(numberWord(key), key, value);
  if (key.kind === 'int' && Number.isFinite(value) && !Number.isInteger(value))
    return wrong(numberWord(key), key, value);
  return bounded(value, value, key.min, key.max, unitOf(name));
}

function checkList(key: ListKey, value: unknown): Checked {
  if (!Array.isArray(value)) return wrong('a list', key, value);
  const items: unknown[] = [];
  for (const item of value) {
    if (typeof item !== 'string' || item === '' || item.length > stringLengthMax)
      return wrong('a list of texts', key, item);
    const picked = key.values ? pick({ ...key, values: key.values }, item) : { value: item };
    if ('mistake' in picked) return { mistake: `each item ${picked.mistake}` };
    items.push(picked.value);
  }
  return bounded(Object.freeze(items), items.length, key.min ?? 0, key.max ?? listLengthMax, 'items long');
}

function pick(key: Pick<EnumKey, 'values' | 'secret'>, text: string): Checked {
  const value = key.values.find((candidate) => candidate.toLowerCase() === text.toLowerCase());
  return value === undefined ? wrong(choiceOf(key.values), key, text) : { value };
}

function bounded(value: unknown, size: number, min: number, max: number, unit: string): Checked {
  if (size >= min && size <= max) return { value };
  const [word, bound] = size < min ? ['least', min] : ['most', max];
  return { mistake: `must be at ${word} ${withUnit(bound, unit)}, got ${withUnit(size, unit)}` };
}

function withUnit(amount: number, unit: string): string {
  return unit === '' ? `${amount}` : `${amount} ${unit}`;
}

function wrong(expected: string, key: { readonly secret?: true }, value: unknown): Checked {
  return { mistake: `must be ${expected}, got ${key.secret ? 'a secret that is not' : shown(value)}` };
}

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > shownLengthMax ? `${text.slice(0, shownLengthMax)}…` : text;
}

function numberWord(key: NumberKey): string {
  return key.kind === 'int' ? 'a whole number' : 'a number';
}

function choiceOf(values: readonly string[]): string {
  return `one of ${values.join(', ')}`;
}
