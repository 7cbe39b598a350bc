import { followLogs } from '../follow/follow-logs.js';
import type { Command } from '../framework/command.js';
import { wrongUse } from '../framework/failures.js';

export const logs: Command = {
  name: 'logs',
  summary: 'follow what functions print',
  details: [
    'Shows the lines of a call when it ends, and how it ended. Until Ctrl-C. When the connection is lost it is made',
    'anew, for a minute at most; what was printed meanwhile is not shown.',
  ].join(' '),
  arguments: [{ name: 'NAME', describe: 'only this function; all unless given', optional: true }],
  options: [
    { name: 'follow', short: 'f', describe: 'show lines as they come; the platform keeps none of calls that are over' },
    { name: 'invocation', short: 'i', value: 'ID', describe: 'only this call' },
    {
      name: 'level',
      value: 'LEVEL',
      describe: 'leave out what is less severe',
      choices: ['debug', 'info', 'warn', 'error'],
    },
  ],
  examples: [
    { line: 'relais logs -f', does: 'everything that happens' },
    { line: 'relais logs hello -f --level warn', does: 'what goes wrong in "hello"' },
  ],
  async run(input, io) {
    if (!input.flag('follow')) {
      throw wrongUse('The platform keeps no lines of calls that are over; -f follows those to come.');
    }
    const name = input.optionalArgument('NAME') ?? '';
    if (name !== '') await checkName(name);
    await followLogs(
      { function: name, invocationId: input.text('invocation') ?? '', levelMin: input.text('level') ?? '' },
      io,
    );
    return undefined;

    async function checkName(given: string): Promise<void> {
      // A name that is mistyped would be followed for ever without a line.
      const { function: found } = await io.client.functions.getFunction(
        { function: given },
        { signal: io.interrupted },
      );
      if (found?.name !== given) throw wrongUse(`Logs are of all versions: follow "${found?.name}", not "${given}".`);
    }
  },
};
