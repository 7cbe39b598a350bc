import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Release of this command, which is that of the platform it starts. */
export const releaseVersion: string = JSON.parse(
  readFileSync(join(import.meta.dirname, '../package.json'), 'utf8'),
).version;
