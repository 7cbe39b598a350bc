import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Command } from '../framework/command.js';
import { noSuchFile, unreadable } from '../framework/failures.js';
import { platformFailure } from '../framework/platform-failure.js';

export const restore: Command = {
  name: 'restore',
  summary: 'make a data directory from a backup, for a platform to start with',
  details: [
    'On the machine of the storage role, before it starts: the directory must hold nothing stored yet. Everything is checked',
    'on the way in, and the directory appears whole or not at all. Keys work as before; for secrets the platform needs the',
    'key file they were sealed with.',
  ].join(' '),
  arguments: [{ name: 'FILE', describe: 'what "relais backup" wrote' }],
  options: [{ name: 'data', value: 'DIR', describe: 'where the platform keeps its data; .relais unless given' }],
  examples: [
    { line: 'relais restore monday.relais', does: 'into ./.relais, where "npm start" looks' },
    { line: 'relais restore monday.relais --data /var/lib/relais', does: 'into another directory' },
  ],
  remote: false,
  async run(input, io) {
    const file = input.argument('FILE');
    const data = input.text('data') ?? '.relais';
    const path = resolve(io.cwd, file);
    const facts = await stat(path).catch(() => undefined);
    if (facts?.isDirectory()) throw unreadable(file, { code: 'EISDIR' });
    if (!facts?.isFile()) throw noSuchFile(file);
    // Loaded here: no other command should pay for the whole platform.
    const platform = await import('@relais/platform');
    const progress = io.progress();
    progress.step('restoring');
    try {
      const { functions, keys, secrets, versions } = await platform.restore(path, resolve(io.cwd, data));
      progress.end();
      io.report({ data, functions, versions, keys, secrets }, () =>
        [
          `restored ${functions} functions with ${versions} versions, ${keys} API keys and ${secrets} secrets into ${data}`,
          `start the platform with it: relais up --data ${data}`,
          ...(secrets > 0 ? ['the secrets open only with the key file they were sealed with'] : []),
          '',
        ].join('\n'),
      );
      return undefined;
    } catch (thrown) {
      throw await platformFailure(thrown);
    } finally {
      progress.end();
    }
  },
};
