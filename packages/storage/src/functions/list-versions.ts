import type { FunctionVersion } from '@relais/contracts';
import type { Logger } from '@relais/kit';
import { storageError } from '../errors.js';
import { after, keys, ranges } from '../records/keys.js';
import type { RecordReader } from '../records/record-reader.js';

/** A page of the versions of a name behind a number, in order. Damaged ones are left out, and logged. */
export async function listVersions(
  { logger, reader }: { readonly reader: RecordReader; readonly logger: Logger },
  { afterVersion, name, pageSize }: { readonly name: string; readonly afterVersion: number; readonly pageSize: number },
): Promise<{ versions: FunctionVersion[]; more: boolean }> {
  const all = ranges.versions(name, pageSize + 1);
  const range = afterVersion === 0 ? all : after(all, keys.version(name, await secondsOf(reader, name, afterVersion)));
  const versions: FunctionVersion[] = [];
  let count = 0;
  for await (const scanned of reader.scan(range)) {
    count += 1;
    if (count > pageSize) break;
    if ('version' in scanned) versions.push(scanned.version);
    else logger.error({ key: scanned.key }, scanned.damage.message);
  }
  return { versions, more: count > pageSize };
}

async function secondsOf(reader: RecordReader, name: string, number: number): Promise<number> {
  const content = await reader.content(keys.number(name, number));
  if (content) return Number(content.toString());
  throw storageError('not_found', 'version_not_found', `There is no version ${name}@${number}.`);
}
