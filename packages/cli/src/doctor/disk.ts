import { constants } from 'node:fs';
import { access, statfs } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { bytesText } from '../output/units.js';
import { bad, type Finding, good, lacking } from './finding.js';

const freeBytesMin = 1024 ** 3;

/** Room and rights where data is kept, and room for temporary files. */
export async function disk(data: string): Promise<Finding[]> {
  const folder = await existing(resolve(data));
  const writable = await access(folder, constants.W_OK).then(
    () => true,
    () => false,
  );
  if (!writable) return [bad('data', `${folder} cannot be written to`, 'another folder by --data, or its rights')];
  const { bavail, bsize } = await statfs(folder);
  const free = bavail * bsize;
  const says = `${bytesText(free)} free in ${folder}`;
  return [free >= freeBytesMin ? good('disk', says) : lacking('disk', says, 'make room, or another folder by --data')];
}

/** The nearest folder above that exists. */
async function existing(folder: string): Promise<string> {
  const found = await access(folder).then(
    () => true,
    () => false,
  );
  return found || dirname(folder) === folder ? folder : existing(dirname(folder));
}
