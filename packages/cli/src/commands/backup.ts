import { createHash } from 'node:crypto';
import { resolve } from 'node:path';
import { type Relais, RelaisError } from '@relais/sdk';
import type { Command } from '../framework/command.js';
import { bytesText } from '../output/units.js';
import { writeWholeFile } from '../output/whole-file.js';

// Where there is no terminal, a line each.
const toldBytes = 64 * 1024 * 1024;

export const backup: Command = {
  name: 'backup',
  summary: 'copy everything the platform stores to a file, while it runs',
  details: [
    'Functions, their versions and the API keys (as hashes), as they are at one moment. Secrets are in it as they are',
    'sealed: the key that opens them is not, so keep a copy of that elsewhere. The file appears under its name only once',
    'all of it is on disk. Needs a key with scope "admin" where the platform asks for keys.',
  ].join(' '),
  arguments: [{ name: 'FILE', describe: 'what to write; must not be there yet' }],
  examples: [
    { line: 'relais backup monday.relais', does: 'a copy to keep' },
    { line: 'relais backup /backups/$(date +%F).relais', does: 'one a day, for example from cron' },
  ],
  async run(input, io) {
    const file = input.argument('FILE');
    const progress = io.progress();
    progress.step('copying');
    const copied = await writeWholeFile(resolve(io.cwd, file), (write) =>
      copyTo(write, io.client, io.interrupted, (bytes) => progress.step(`copying ${bytesText(bytes)}`)),
    ).finally(() => progress.end());
    io.report({ file, ...copied }, () => `wrote ${file}, ${bytesText(copied.sizeBytes)}, sha256 ${copied.sha256}\n`);
    return undefined;
  },
};

/** Tells of every further stretch. Rejects unless what came is what the platform says it sent. */
async function copyTo(
  write: (bytes: Uint8Array) => Promise<void>,
  client: Relais,
  signal: AbortSignal,
  copied: (bytes: number) => void,
): Promise<{ sizeBytes: number; sha256: string }> {
  const hash = createHash('sha256');
  let sizeBytes = 0;
  let told = 0;
  for await (const { part } of client.backups.readBackup({}, { signal })) {
    if (part.case === 'data') {
      hash.update(part.value);
      await write(part.value);
      sizeBytes += part.value.length;
      const stretch = Math.floor(sizeBytes / toldBytes);
      if (stretch > told) copied(sizeBytes);
      told = stretch;
    } else if (part.case === 'end') {
      const sha256 = hash.digest('hex');
      if (sha256 === part.value.sha256 && sizeBytes === part.value.sizeBytes) return { sizeBytes, sha256 };
      throw broken('what came is not what was sent');
    }
  }
  throw broken('it ended early');
}

function broken(why: string): RelaisError {
  const message = `The copy broke: ${why}. No file was written.`;
  return new RelaisError('unavailable', message, { reason: 'connection_lost', component: 'client' });
}
