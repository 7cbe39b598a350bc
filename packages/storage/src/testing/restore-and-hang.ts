// Run as a process of its own: restores a backup up to its last byte, says so, and waits to be killed. Arguments: file,
// directory.
import { readFile } from 'node:fs/promises';
import { restoreBackup } from '../backup/restore-backup.js';

const [, , file = '', directory = ''] = process.argv;

async function* almostAll(): AsyncGenerator<Buffer> {
  const bytes = await readFile(file);
  yield bytes.subarray(0, -1);
  console.log('all but the last byte');
  await new Promise((resolve) => setTimeout(resolve, 60_000));
}

await restoreBackup(almostAll(), directory);
