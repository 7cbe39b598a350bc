import type { Command } from '../framework/command.js';
import { wrongUse } from '../framework/failures.js';
import { table } from '../output/table.js';
import { timestampMs } from '../output/timestamps.js';
import { ageText } from '../output/units.js';

const scopes = ['admin', 'deploy', 'invoke', 'read'] as const;

const create: Command = {
  name: 'create',
  summary: 'make a key; it is shown this once',
  arguments: [{ name: 'FOR', describe: 'whom or what it is for' }],
  options: [
    {
      name: 'scope',
      short: 's',
      value: 'SCOPE',
      describe: 'a right it gives; at least one',
      repeated: true,
      choices: scopes,
    },
    { name: 'function', short: 'f', value: 'NAME', describe: 'only this function; all unless given', repeated: true },
    { name: 'rate', value: 'PER_S', describe: 'requests per second at one gateway' },
    { name: 'burst', value: 'N', describe: 'requests that may come at once after a pause' },
    { name: 'concurrency', value: 'N', describe: 'requests under way at once' },
  ],
  examples: [
    { line: 'relais key create ci --scope deploy', does: 'a key that deploys' },
    { line: 'relais key create shop --scope invoke --function cart --rate 50', does: 'one that only calls "cart"' },
  ],
  async run(input, io) {
    const wanted = input.texts('scope');
    if (wanted.length === 0) throw wrongUse(`Say what the key may do: --scope ${scopes.join(', ')}.`);
    const { details, key } = await io.client.keys.createKey(
      {
        name: input.argument('FOR'),
        scopes: [...wanted],
        functions: [...input.texts('function')],
        ratePerS: input.count('rate') ?? 0,
        burst: input.count('burst') ?? 0,
        concurrency: input.count('concurrency') ?? 0,
      },
      { signal: io.interrupted },
    );
    io.report({ key, id: details?.id, name: details?.name, scopes: details?.scopes }, () => {
      io.note(io.paintError('dim', 'shown this once: keep it where RELAIS_KEY is set'));
      return `${key}\n`;
    });
    return undefined;
  },
};

const ls: Command = {
  name: 'ls',
  summary: 'list the keys, without what would let anybody use them',
  examples: [{ line: 'relais key ls', does: 'every key with its rights' }],
  async run(_input, io) {
    const { keys } = await io.client.keys.listKeys({}, { signal: io.interrupted });
    const now = Date.now();
    const plain = keys.map(({ burst, concurrency, createdAt, functions, id, name, ratePerS, scopes: rights }) => {
      const made = new Date(timestampMs(createdAt)).toISOString();
      return { id, name, scopes: rights, functions, ratePerS, burst, concurrency, createdAt: made };
    });
    io.report({ keys: plain }, () => {
      if (plain.length === 0) return 'no keys yet; "relais key create" makes one\n';
      return table(
        ['ID', 'FOR', 'SCOPES', 'FUNCTIONS', 'RATE', 'AGE'],
        plain.map((key) => [
          key.id,
          key.name,
          key.scopes.join(' '),
          key.functions.join(' ') || 'all',
          key.ratePerS > 0 ? String(key.ratePerS) : '-',
          ageText(Date.parse(key.createdAt), now),
        ]),
      );
    });
    return undefined;
  },
};

const revoke: Command = {
  name: 'revoke',
  summary: 'end a key, everywhere within a second',
  arguments: [{ name: 'ID', describe: 'as "relais key ls" shows it' }],
  examples: [{ line: 'relais key revoke k3f9', does: 'nobody gets in with it any more' }],
  async run(input, io) {
    const id = input.argument('ID');
    await io.client.keys.revokeKey({ id }, { signal: io.interrupted });
    io.report({ id }, () => `revoked ${id}\n`);
    return undefined;
  },
};

export const key: Command = {
  name: 'key',
  summary: 'make, list and revoke API keys',
  examples: [{ line: 'relais key create ci --scope deploy', does: 'a key that deploys' }],
  subcommands: [create, ls, revoke],
};
