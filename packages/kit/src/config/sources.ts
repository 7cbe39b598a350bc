import { parseArgs } from 'node:util';
import type { ConfigSchema } from './keys.js';
import { flagOf, variableOf, variablePrefix } from './names.js';
import { nearest } from './nearest.js';

/** Where a key's value came from. */
export type ConfigSource = 'default' | 'file' | 'environment' | 'flag';

/** One value found in a source, not yet checked. */
export interface Found {
  readonly name: string;
  readonly source: ConfigSource;
  /** How the user knows the place: `--port`, `RELAIS_PORT`, `relais.config.json: port`. */
  readonly where: string;
  /** Text that must be read as the key's kind asks, or a JSON value. */
  readonly raw: { readonly text: string } | { readonly json: unknown };
}

/** What one source holds, with the mistakes in its form. */
export interface Findings {
  readonly found: Found[];
  readonly mistakes: string[];
}

const fileLengthMax = 1024 * 1024;

/** Reads the keys of a JSON file's text. `path` is for messages. */
export function readJson(schema: ConfigSchema, path: string, text: string): Findings {
  const findings: Findings = { found: [], mistakes: [] };
  const parsed = parseObject(text);
  if ('mistake' in parsed) return { found: [], mistakes: [`${path}: ${parsed.mistake}`] };
  for (const [name, json] of Object.entries(parsed.object)) {
    const where = `${path}: ${name}`;
    if (Object.hasOwn(schema, name)) findings.found.push({ name, source: 'file', where, raw: { json } });
    else findings.mistakes.push(unknown(where, name, Object.keys(schema), ''));
  }
  return findings;
}

function parseObject(text: string): { readonly object: object } | { readonly mistake: string } {
  if (text.length > fileLengthMax) return { mistake: `is longer than ${fileLengthMax} characters` };
  try {
    const object: unknown = JSON.parse(text);
    if (typeof object === 'object' && object !== null && !Array.isArray(object)) return { object };
    return { mistake: 'must hold one JSON object' };
  } catch (error) {
    return { mistake: `is not JSON: ${error instanceof Error ? error.message : error}` };
  }
}

/** Reads the `RELAIS_` variables. An empty one counts as absent; `others` are not ours to judge. */
export function readEnvironment(
  schema: ConfigSchema,
  env: Readonly<Record<string, string | undefined>>,
  others: readonly string[],
): Findings {
  const findings: Findings = { found: [], mistakes: [] };
  const names = new Map(Object.keys(schema).map((name) => [variableOf(name), name]));
  for (const [variable, text] of Object.entries(env)) {
    if (!variable.startsWith(variablePrefix) || !text || others.includes(variable)) continue;
    const name = names.get(variable);
    if (name) findings.found.push({ name, source: 'environment', where: variable, raw: { text } });
    else findings.mistakes.push(unknown(variable, variable, [...names.keys()], ''));
  }
  return findings;
}

/** Reads `--kebab-case VALUE`, `--key=VALUE`, `--switch`, `--no-switch` and aliases; `--config` is handed back apart. */
export function readFlags(schema: ConfigSchema, argv: readonly string[]): Findings & { readonly path?: string } {
  const names = flagNames(schema);
  const { tokens } = parseArgs({
    args: [...argv],
    options: parseOptions(schema),
    strict: false,
    tokens: true,
    allowPositionals: true,
    allowNegative: true,
  });
  const findings: Findings & { path?: string } = { found: [], mistakes: [] };
  // What follows an unknown flag was most likely its value: one mistake, not two.
  let unknownAt = -2;
  for (const token of tokens) {
    if (token.kind === 'positional' && token.index !== unknownAt + 1) {
      findings.mistakes.push(`${token.value}: is not a flag`);
    }
    if (token.kind !== 'option') continue;
    const { rawName } = token;
    const flag = resolveFlag(schema, names, token);
    if (flag === undefined) {
      unknownAt = token.index;
      findings.mistakes.push(unknown(rawName, token.name, [...names.keys()], '--'));
    } else if (flag.text === undefined) findings.mistakes.push(`${rawName}: needs a value`);
    else if (flag.name === 'config') findings.path = flag.text;
    else findings.found.push({ name: flag.name, source: 'flag', where: rawName, raw: { text: flag.text } });
  }
  return { ...findings, found: joinLists(schema, findings.found) };
}

interface OptionToken {
  readonly name: string;
  readonly rawName: string;
  readonly value?: string | undefined;
  readonly inlineValue?: boolean | undefined;
}

/** The key a flag sets and the text it sets it to, which is undefined when it was forgotten. */
function resolveFlag(
  schema: ConfigSchema,
  names: ReadonlyMap<string, string>,
  token: OptionToken,
): { readonly name: string; readonly text: string | undefined } | undefined {
  const negated = token.rawName.startsWith('--no-') && !names.has(token.rawName.slice(2));
  const name = names.get(negated ? token.rawName.slice(5) : token.name);
  const isSwitch = name !== undefined && schema[name]?.kind === 'boolean';
  if (name === undefined || (negated && !isSwitch)) return undefined;
  if (isSwitch && token.value === undefined) return { name, text: String(!negated) };
  // A value that looks like a flag is one whose own value was forgotten; --key=--value says it is meant.
  const forgotten = !token.inlineValue && token.value?.startsWith('--');
  return { name, text: forgotten ? undefined : token.value };
}

/** Every name a flag goes by, with the key it sets. */
function flagNames(schema: ConfigSchema): Map<string, string> {
  const names = new Map([['config', 'config']]);
  for (const [name, key] of Object.entries(schema)) {
    names.set(flagOf(name), name);
    if (key.alias !== undefined) names.set(key.alias.length === 1 ? flagOf(name) : key.alias, name);
  }
  return names;
}

function parseOptions(schema: ConfigSchema) {
  const options: Record<string, { type: 'string' | 'boolean'; short?: string; multiple: true }> = {
    config: { type: 'string', multiple: true },
  };
  for (const [name, key] of Object.entries(schema)) {
    const type = key.kind === 'boolean' ? 'boolean' : 'string';
    const short = key.alias?.length === 1 ? { short: key.alias } : {};
    options[flagOf(name)] = { type, multiple: true, ...short };
    if (key.alias !== undefined && key.alias.length > 1) options[key.alias] = { type, multiple: true };
  }
  return options;
}

/** A list's flag may be repeated; every other flag's last value wins. */
function joinLists(schema: ConfigSchema, found: readonly Found[]): Found[] {
  const byName = new Map<string, Found>();
  for (const one of found) {
    const earlier = byName.get(one.name);
    const both = earlier && schema[one.name]?.kind === 'list' ? `${textOf(earlier)},${textOf(one)}` : textOf(one);
    byName.set(one.name, { ...one, raw: { text: both } });
  }
  return [...byName.values()];
}

function textOf(found: Found): string {
  return 'text' in found.raw ? found.raw.text : '';
}

function unknown(where: string, name: string, candidates: readonly string[], prefix: string): string {
  const suggestion = nearest(name, candidates);
  return `${where}: there is no such key${suggestion ? `; did you mean ${prefix}${suggestion}?` : ''}`;
}
