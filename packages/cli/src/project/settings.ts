import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse, TomlError } from 'smol-toml';
import { badSettings, unreadable } from '../framework/failures.js';

export const settingsFile = 'relais.toml';

/** What a directory's relais.toml may say; the words are those of `POST /deploy`. */
export interface Settings {
  name?: string;
  lang?: string;
  entry?: string;
  timeoutMs?: number;
  memoryMb?: number;
  concurrency?: number;
  isolation?: string;
  http?: string;
  auth?: string;
  network?: string;
  secrets?: string[];
  cors?: string[];
  cflags?: string[];
  env?: Record<string, string>;
  /** Globs of what is left out of the archive. */
  exclude?: string[];
}

type Check = (value: unknown) => string | undefined;

const text: Check = (value) => (typeof value === 'string' && value !== '' ? undefined : 'must be a text');
const whole: Check = (value) =>
  Number.isInteger(value) && Number(value) > 0 ? undefined : 'must be a whole number above 0';
const texts: Check = (value) =>
  Array.isArray(value) && value.every((item) => typeof item === 'string') ? undefined : 'must be a list of texts';
const oneOf =
  (...allowed: string[]): Check =>
  (value) =>
    allowed.includes(String(value)) ? undefined : `must be ${allowed.map((word) => `"${word}"`).join(' or ')}`;
const textTable: Check = (value) =>
  typeof value === 'object' && value !== null && Object.values(value).every((item) => typeof item === 'string')
    ? undefined
    : 'must be a table of texts, for example [env] and KEY = "value"';

const checks: Readonly<Record<keyof Settings, Check>> = {
  name: text,
  lang: text,
  entry: text,
  timeoutMs: whole,
  memoryMb: whole,
  concurrency: whole,
  isolation: oneOf('fresh', 'reuse'),
  http: oneOf('cgi'),
  auth: oneOf('key', 'public'),
  network: text,
  secrets: texts,
  cors: texts,
  cflags: texts,
  env: textTable,
  exclude: texts,
};

/** Every key a settings file may have. */
export const settingNames = Object.keys(checks);

/** The settings of a directory; empty when it has none. Throws bad_settings with every mistake and its line. */
export async function readSettings(directory: string): Promise<Settings> {
  const path = join(directory, settingsFile);
  let source: string;
  try {
    source = await readFile(path, 'utf8');
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(String((error as NodeJS.ErrnoException).code))) return {};
    throw unreadable(path, error);
  }
  return checkedSettings(settingsFile, source);
}

/** Reads the text of a settings file. */
export function checkedSettings(path: string, source: string): Settings {
  let parsed: Record<string, unknown>;
  try {
    parsed = parse(source);
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const [what] = error.message.split('\n');
    throw badSettings(path, [`line ${error.line}, column ${error.column}: ${what}`]);
  }
  const mistakes = Object.entries(parsed).flatMap(([key, value]) => {
    if (!Object.hasOwn(checks, key)) return [`${key}: there is no such key; there are ${settingNames.join(', ')}`];
    const mistake = checks[key as keyof Settings](value);
    return mistake ? [`${key}: ${mistake}`] : [];
  });
  if (mistakes.length > 0) throw badSettings(path, mistakes);
  return parsed as Settings;
}
