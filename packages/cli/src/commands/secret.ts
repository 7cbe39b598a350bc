import type { Command } from '../framework/command.js';
import { wrongUse } from '../framework/failures.js';
import { table } from '../output/table.js';
import { timestampMs } from '../output/timestamps.js';
import { ageText } from '../output/units.js';

const set: Command = {
  name: 'set',
  summary: 'store a value that functions find in their environment and nobody reads back',
  details:
    'The value is read from standard input, where no process list shows it; one line break at its end is left out.',
  arguments: [{ name: 'SECRET', describe: 'also the variable: letters, digits and "_"' }],
  examples: [
    { line: 'relais secret set DB_PASSWORD < password.txt', does: 'from a file' },
    { line: 'relais deploy shop --secret DB_PASSWORD', does: 'give it to a function' },
  ],
  async run(input, io) {
    const name = input.argument('SECRET');
    const value = (await io.readStdin()).toString('utf8').replace(/\r?\n$/, '');
    if (value === '') throw wrongUse(`The value of ${name} comes on standard input, and there is none.`);
    const { secret: made } = await io.client.secrets.setSecret({ name, value }, { signal: io.interrupted });
    const version = made?.version ?? 0;
    io.report({ name, version }, () => `set ${name}, version ${version}\n`);
    return undefined;
  },
};

const ls: Command = {
  name: 'ls',
  summary: 'list the secrets, never their values',
  examples: [{ line: 'relais secret ls', does: 'names and versions' }],
  async run(_input, io) {
    const { secrets } = await io.client.secrets.listSecrets({}, { signal: io.interrupted });
    const now = Date.now();
    const plain = secrets.map(({ name, updatedAt, version }) => ({
      name,
      version,
      updatedAt: new Date(timestampMs(updatedAt)).toISOString(),
    }));
    io.report({ secrets: plain }, () => {
      if (plain.length === 0) return 'no secrets yet; "relais secret set" stores one\n';
      return table(
        ['SECRET', 'VERSION', 'SET'],
        plain.map(({ name, updatedAt, version }) => [
          name,
          String(version),
          `${ageText(Date.parse(updatedAt), now)} ago`,
        ]),
      );
    });
    return undefined;
  },
};

const rm: Command = {
  name: 'rm',
  summary: 'remove a secret; functions that name it then fail',
  arguments: [{ name: 'SECRET', describe: 'its name' }],
  examples: [{ line: 'relais secret rm DB_PASSWORD', does: 'remove it' }],
  async run(input, io) {
    const name = input.argument('SECRET');
    await io.client.secrets.deleteSecret({ name }, { signal: io.interrupted });
    io.report({ name }, () => `removed ${name}\n`);
    return undefined;
  },
};

export const secret: Command = {
  name: 'secret',
  summary: 'set, list and remove secrets',
  examples: [{ line: 'relais secret set DB_PASSWORD < password.txt', does: 'from a file' }],
  subcommands: [set, ls, rm],
};
