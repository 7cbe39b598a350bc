import type { Command } from '../framework/command.js';

export const rm: Command = {
  name: 'rm',
  summary: 'remove functions with all their versions',
  arguments: [{ name: 'NAME', describe: 'names of functions', repeated: true }],
  examples: [{ line: 'relais rm hello add', does: 'remove two functions' }],
  async run(input, io) {
    const removed: { name: string; versionsDeleted: number }[] = [];
    for (const name of input.arguments('NAME')) {
      const { versionsDeleted } = await io.client.functions.deleteFunction({ name }, { signal: io.interrupted });
      removed.push({ name, versionsDeleted });
      if (!io.json)
        io.write(`removed ${name} (${versionsDeleted} ${versionsDeleted === 1 ? 'version' : 'versions'})\n`);
    }
    io.report({ removed }, () => '');
    return undefined;
  },
};
