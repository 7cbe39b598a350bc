import { RelaisError } from '../errors/relais-error.js';
import { checkText, checkValue } from './check-value.js';
import type { ConfigOf, ConfigSchema } from './keys.js';
import { variablePrefix } from './names.js';
import { type ConfigSource, type Findings, readEnvironment, readFlags, readJson } from './sources.js';

/** What the caller hands over of its surroundings. */
export interface ConfigSources {
  /** Flags only: what stands behind the command's own words. */
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The text of a file; undefined when there is none. May throw when it cannot be read. */
  readonly readFile: (path: string) => string | undefined;
  /** Variables under RELAIS_ that belong to something else, for example RELAIS_URL. */
  readonly otherVariables?: readonly string[];
}

/** Values with the place each was taken from. Both frozen. */
export interface LoadedConfig<Schema extends ConfigSchema> {
  readonly values: ConfigOf<Schema>;
  readonly sources: { readonly [Name in keyof Schema]: ConfigSource };
}

const pathVariable = `${variablePrefix}CONFIG`;
const defaultPath = 'relais.config.json';
const mistakesShownMax = 50;

/**
 * Reads a configuration: defaults < JSON file < environment < flags. The file is the one `--config` names, else
 * `RELAIS_CONFIG`, else ./relais.config.json when there is one. Throws RelaisError invalid_argument, reason
 * "bad_config", whose message lists every mistake of every source, one a line; a value a later source overrides is
 * checked too.
 */
export function loadConfig<const Schema extends ConfigSchema>(
  schema: Schema,
  from: ConfigSources,
): LoadedConfig<Schema> {
  const flags = readFlags(schema, from.argv);
  const environment = readEnvironment(schema, from.env, [pathVariable, ...(from.otherVariables ?? [])]);
  const file = readConfigFile(schema, flags.path ?? (from.env[pathVariable] || undefined), from.readFile);

  const mistakes: string[] = [];
  const values: Record<string, unknown> = {};
  const sources: Record<string, ConfigSource> = {};
  for (const [name, key] of Object.entries(schema)) {
    values[name] = Array.isArray(key.default) ? Object.freeze([...key.default]) : key.default;
    sources[name] = 'default';
  }
  for (const findings of [file, environment, flags]) {
    mistakes.push(...findings.mistakes);
    mistakes.push(...apply(schema, findings, values, sources));
  }
  if (mistakes.length > 0) throw badConfig(mistakes);
  return {
    values: Object.freeze(values) as ConfigOf<Schema>,
    sources: Object.freeze(sources) as LoadedConfig<Schema>['sources'],
  };
}

/** Writes what a source holds over what earlier ones held; gives back what is wrong with it. */
function apply(
  schema: ConfigSchema,
  findings: Findings,
  values: Record<string, unknown>,
  sources: Record<string, ConfigSource>,
): string[] {
  const mistakes: string[] = [];
  for (const { name, source, where, raw } of findings.found) {
    const key = schema[name];
    if (!key) continue;
    const checked = 'text' in raw ? checkText(name, key, raw.text) : checkValue(name, key, raw.json);
    if ('mistake' in checked) mistakes.push(`${where}: ${checked.mistake}`);
    else values[name] = checked.value;
    sources[name] = source;
  }
  return mistakes;
}

function readConfigFile(
  schema: ConfigSchema,
  asked: string | undefined,
  readFile: (path: string) => string | undefined,
): Findings {
  const path = asked ?? defaultPath;
  try {
    const text = readFile(path);
    if (text !== undefined) return readJson(schema, path, text);
    return { found: [], mistakes: asked === undefined ? [] : [`${path}: there is no such file`] };
  } catch (error) {
    return { found: [], mistakes: [`${path}: cannot be read: ${error instanceof Error ? error.message : error}`] };
  }
}

function badConfig(mistakes: readonly string[]): RelaisError {
  const count = mistakes.length === 1 ? 'a mistake' : `${mistakes.length} mistakes`;
  const more = mistakes.length > mistakesShownMax ? [`and ${mistakes.length - mistakesShownMax} more`] : [];
  const lines = [`The configuration has ${count}:`, ...mistakes.slice(0, mistakesShownMax), ...more];
  return new RelaisError('invalid_argument', lines.join('\n'), { reason: 'bad_config' });
}
