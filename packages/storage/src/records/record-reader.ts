import { FunctionVersion } from '@relais/contracts';
import { RelaisError } from '@relais/kit';
import type { Backend, Entry, KeyRange, Write } from '../backends/backend.js';
import { recordCorrupt } from '../errors.js';
import { seal, unseal } from './envelope.js';
import { after } from './keys.js';

const pageEntries = 500;

/** A record read in a scan: what it holds, or why it cannot be used. */
export type Scanned =
  | { readonly key: string; readonly version: FunctionVersion }
  | { readonly key: string; readonly damage: RelaisError };

/** The content of a record read in a scan, or why it cannot be used. */
export type ScannedContent =
  | { readonly key: string; readonly content: Buffer }
  | { readonly key: string; readonly damage: RelaisError };

/** Reads typed, checked records. A damaged record rejects with `record_corrupt`; it never reads as absent. */
export class RecordReader {
  readonly #backend: Backend;

  constructor(backend: Backend) {
    this.#backend = backend;
  }

  async content(key: string): Promise<Buffer | undefined> {
    const record = await this.#backend.get(key);
    return record && unseal(key, record);
  }

  async version(key: string): Promise<FunctionVersion | undefined> {
    const content = await this.content(key);
    return content && decode(key, content);
  }

  /** Whether a range holds anything but the given keys; at most one more than those is read. */
  async holdsOthers(range: KeyRange, known: ReadonlySet<string>): Promise<boolean> {
    const entries = await this.#backend.range({ ...range, limit: known.size + 1 });
    return entries.some(({ key }) => !known.has(key));
  }

  /** All versions of a range, read page by page up to its limit. */
  async *scan(range: KeyRange): AsyncGenerator<Scanned> {
    for await (const { key, value } of this.#entries(range)) yield scanned(key, value);
  }

  /** The contents of a range, read page by page up to its limit. */
  async *contents(range: KeyRange): AsyncGenerator<ScannedContent> {
    for await (const { key, value } of this.#entries(range)) yield scannedContent(key, value);
  }

  /** All keys of a range, damaged records included. */
  async keys(range: KeyRange): Promise<string[]> {
    const found: string[] = [];
    for await (const { key } of this.#entries(range)) found.push(key);
    return found;
  }

  async *#entries(range: KeyRange): AsyncGenerator<Entry> {
    let rest = range;
    while (rest.limit > 0) {
      const limit = Math.min(rest.limit, pageEntries);
      const page = await this.#backend.range({ ...rest, limit });
      yield* page;
      const last = page.at(-1);
      if (!last || page.length < limit) return;
      rest = { ...after(rest, last.key), limit: rest.limit - limit };
    }
  }
}

/** A write of a sealed record. */
export function put(key: string, content: Uint8Array): Write {
  return { op: 'put', key, value: seal(key, content) };
}

/** A write of a version, or of the part of one that a tombstone keeps. */
export function putVersion(key: string, version: FunctionVersion): Write {
  return put(key, FunctionVersion.encode(version).finish());
}

function scannedContent(key: string, value: Buffer): ScannedContent {
  try {
    return { key, content: unseal(key, value) };
  } catch (error) {
    return { key, damage: RelaisError.from(error) };
  }
}

function scanned(key: string, value: Buffer): Scanned {
  try {
    return { key, version: decode(key, unseal(key, value)) };
  } catch (error) {
    return { key, damage: RelaisError.from(error) };
  }
}

function decode(key: string, content: Buffer): FunctionVersion {
  try {
    return freeze(FunctionVersion.decode(content));
  } catch (error) {
    throw recordCorrupt(key, 'Delete the function it belongs to and deploy that again.', error);
  }
}

/** Versions are immutable, and in one process callers share them. */
export function freeze(version: FunctionVersion): FunctionVersion {
  if (version.config) {
    Object.freeze(version.config.env);
    Object.freeze(version.config.cflags);
    Object.freeze(version.config.cors);
    Object.freeze(version.config.secrets);
    Object.freeze(version.config);
  }
  return Object.freeze(version);
}
