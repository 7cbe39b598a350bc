import { followLogs, showRecentLogs } from '../follow/follow-logs.js';
import type { Command } from '../framework/command.js';
import { wrongUse } from '../framework/failures.js';
import type { Surroundings } from '../framework/surroundings.js';

const linesMax = 1000;

export const logs: Command = {
  name: 'logs',
  summary: 'show what functions printed, and follow what they print',
  details: [
    'Shows the lines of a call when it ends, and how it ended. A gateway keeps in memory the last 1000 calls that printed',
    'something or failed, with 4 MiB of logs in all. With -f until Ctrl-C; when the connection is lost it is made anew, for a',
    'minute at most, and what was printed meanwhile is not shown.',
  ].join(' '),
  arguments: [{ name: 'NAME', describe: 'only this function; all unless given', optional: true }],
  options: [
    { name: 'follow', short: 'f', describe: 'go on with lines as they come' },
    {
      name: 'tail',
      value: 'N',
      describe: `the last N lines that are kept, at most ${linesMax}, 0 for none; all unless given`,
    },
    { name: 'invocation', short: 'i', value: 'ID', describe: 'only this call' },
    {
      name: 'level',
      value: 'LEVEL',
      describe: 'leave out what is less severe',
      choices: ['debug', 'info', 'warn', 'error'],
    },
  ],
  examples: [
    { line: 'relais logs hello', does: 'what "hello" printed of late' },
    { line: 'relais logs -f --tail 0', does: 'everything that happens from now on' },
    { line: 'relais logs hello -f --level warn', does: 'what goes wrong in "hello"' },
  ],
  async run(input, io) {
    const name = input.optionalArgument('NAME') ?? '';
    if (name !== '') await checkName(name, io);
    const filter = {
      function: name,
      invocationId: input.text('invocation') ?? '',
      levelMin: input.text('level') ?? '',
      recentLines: linesOf(input.text('tail')),
    };
    if (input.flag('follow')) await followLogs(filter, io);
    else if ((await showRecentLogs(filter, io)) === 0 && !io.json) io.note('nothing of late; -f follows what comes');
    return undefined;
  },
};

/** A name that is mistyped would be followed for ever without a line. */
async function checkName(given: string, io: Surroundings): Promise<void> {
  const { function: found } = await io.client.functions.getFunction({ function: given }, { signal: io.interrupted });
  if (found?.name !== given) throw wrongUse(`Logs are of all versions: give "${found?.name}", not "${given}".`);
}

function linesOf(text: string | undefined): number {
  if (text === undefined) return linesMax;
  if (/^[0-9]{1,4}$/.test(text) && Number(text) <= linesMax) return Number(text);
  throw wrongUse(`--tail takes a whole number up to ${linesMax}, not "${text}".`);
}
