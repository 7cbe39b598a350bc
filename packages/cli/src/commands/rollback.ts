import type { Command } from '../framework/command.js';
import { wrongUse } from '../framework/failures.js';

export const rollback: Command = {
  name: 'rollback',
  summary: 'let an earlier version of a function serve again',
  details: [
    'What it answers is durable, and every gateway follows within a second. Nothing is built and no version is lost: the way',
    'forward is the same command with the newer number, and the next deploy counts on from the highest.',
  ].join(' '),
  arguments: [
    { name: 'NAME', describe: 'a function' },
    { name: 'VERSION', describe: 'its number; the one before the current one unless given', optional: true },
  ],
  examples: [
    { line: 'relais rollback hello', does: 'back to the version before' },
    { line: 'relais rollback hello 3', does: 'to version 3, earlier or later' },
  ],
  async run(input, io) {
    const name = input.argument('NAME');
    const version = numberOf(input.optionalArgument('VERSION'));
    const options = { signal: io.interrupted };
    const { function: current, previousVersion } = await io.client.functions.rollbackFunction(
      { name, version },
      options,
    );
    const now = current?.version ?? 0;
    io.report({ name, version: now, previousVersion, id: current?.id }, () =>
      now === previousVersion
        ? `${name}@${now} serves already\n`
        : `${name}@${now} serves now (was ${name}@${previousVersion})\n`,
    );
    return undefined;
  },
};

function numberOf(text: string | undefined): number {
  if (text === undefined) return 0;
  if (/^[1-9][0-9]{0,8}$/.test(text)) return Number(text);
  throw wrongUse(`VERSION is a whole number above 0, not "${text}"; "relais version NAME" lists them.`);
}
