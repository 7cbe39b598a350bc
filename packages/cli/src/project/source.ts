import { readFile, stat } from 'node:fs/promises';
import { basename, dirname, extname, join, relative, resolve } from 'node:path';
import type { Deployment } from '@relais/sdk';
import { checkSentSize, readFileBounded } from '../framework/bounded-read.js';
import { noSuchFile, unreadable, wrongUse } from '../framework/failures.js';
import { archiveOf, filesOf } from './archive.js';
import { bundle } from './bundle.js';
import { configOf } from './config.js';
import { isBundled, languageOfFile, localLanguages } from './languages.js';
import { readSettings, type Settings } from './settings.js';

/** What is to be deployed, read and made ready. */
export interface Prepared {
  readonly deployment: Deployment;
  /** What to watch for changes, absolute. */
  readonly watched: readonly string[];
  /** How it was made, for people: "one file", "bundle of 3 files", "archive of 5 files". */
  readonly made: string;
  /** Directory that the names in diagnostics are relative to. */
  readonly base: string;
}

/** What the command line says beside the path; it wins over relais.toml. */
export interface Wishes {
  readonly settings: Settings;
  readonly update: boolean;
  /** False: JavaScript is sent as it is, a directory of it as an archive. */
  readonly bundle: boolean;
}

/** Reads a file or directory and its settings. Throws RelaisError for what cannot be deployed. */
export async function prepare(path: string, cwd: string, wishes: Wishes): Promise<Prepared> {
  const full = resolve(cwd, path);
  const found = await stat(full).catch((error: unknown) => {
    throw unreadable(path, error);
  });
  if (!found.isDirectory()) checkSentSize(found.size, path);
  return found.isDirectory() ? prepareDirectory(full, wishes) : prepareFile(full, wishes);
}

async function prepareFile(file: string, wishes: Wishes): Promise<Prepared> {
  const directory = dirname(file);
  const written = await readSettings(directory);
  // Settings are those of one function: a file beside it that is not their entry has nothing to do with them.
  const settings = { ...(written.entry === basename(file) ? written : {}), ...wishes.settings };
  const lang = settings.lang ?? languageOfFile(file)?.lang ?? '';
  const { entry: _, ...config } = settings;
  const name = settings.name ?? nameFrom(basename(file, extname(file)));
  if (wishes.bundle && isBundled(lang)) return bundled(file, directory, { ...config, name }, wishes.update);
  const source = await readFileBounded(file, basename(file));
  const deployment = deploymentOf({ ...config, name }, source, basename(file), wishes.update);
  return { deployment, watched: [file], made: 'one file', base: directory };
}

async function prepareDirectory(directory: string, wishes: Wishes): Promise<Prepared> {
  const settings = { ...(await readSettings(directory)), ...wishes.settings };
  const named = { ...settings, name: settings.name ?? nameFrom(basename(directory)) };
  const files = await filesOf(directory, settings.exclude ?? []);
  if (files.length === 0) throw wrongUse(`"${basename(directory)}" holds no file to deploy.`);
  const entry = await entryOf(directory, files, settings);
  const lang = settings.lang ?? (entry ? languageOfFile(entry)?.lang : undefined);
  if (lang === undefined) {
    throw wrongUse(
      `What language is "${basename(directory)}"? Say it by --lang, or name the file it begins with by --entry.`,
    );
  }
  if (entry && wishes.bundle && isBundled(lang)) {
    const { entry: _, ...config } = named;
    return bundled(join(directory, entry), directory, config, wishes.update);
  }
  const only = files.length === 1 ? files[0] : undefined;
  const source = only ? await readFileBounded(join(directory, only), only) : await archiveOf(directory, files);
  const { entry: _, ...alone } = named;
  const config = only ? alone : named;
  const deployment = deploymentOf({ ...config, lang }, source, only ? basename(only) : '', wishes.update);
  const made = only ? 'one file' : `archive of ${files.length} files`;
  return { deployment, watched: files.map((file) => join(directory, file)), made, base: directory };
}

async function bundled(file: string, root: string, config: Settings, update: boolean): Promise<Prepared> {
  const made = await bundle(file, root);
  const { lang: _, ...rest } = config;
  return {
    deployment: deploymentOf(rest, made.source, made.filename, update),
    watched: made.inputs.map((input) => resolve(input)),
    made: made.isBundled ? `bundle of ${made.inputs.length} files` : 'one file',
    base: root,
  };
}

/** The file a directory begins with: as said, as package.json says, by the language's custom, or the only source there is. */
async function entryOf(directory: string, files: readonly string[], settings: Settings): Promise<string | undefined> {
  if (settings.entry !== undefined) {
    if (files.includes(settings.entry)) return settings.entry;
    throw noSuchFile(relative(process.cwd(), join(directory, settings.entry)));
  }
  const main = files.includes('package.json')
    ? mainOf(await readFile(join(directory, 'package.json'), 'utf8'))
    : undefined;
  if (main !== undefined && files.includes(main)) return main;
  const languages = localLanguages.filter(({ lang }) => settings.lang === undefined || settings.lang === lang);
  const usual = languages.flatMap(({ entries }) => entries).find((entry) => files.includes(entry));
  if (usual) return usual;
  const sources = files.filter((file) => languageOfFile(file) !== undefined);
  return sources.length === 1 ? sources[0] : undefined;
}

function mainOf(manifest: string): string | undefined {
  try {
    const { main } = JSON.parse(manifest) as { main?: unknown };
    return typeof main === 'string' ? main.replace(/^\.\//, '') : undefined;
  } catch {
    return undefined;
  }
}

function deploymentOf(settings: Settings, source: Uint8Array, filename: string, update: boolean): Deployment {
  return {
    name: settings.name ?? '',
    source,
    ...(settings.lang ? { lang: settings.lang } : {}),
    ...(filename ? { filename } : {}),
    update,
    config: configOf(settings),
  };
}

/** A function name made of a file's: what a name may not hold becomes "-". */
function nameFrom(text: string): string {
  return text
    .replace(/[^A-Za-z0-9_-]+/g, '-')
    .replace(/^[^A-Za-z0-9]+|-+$/g, '')
    .slice(0, 63);
}
