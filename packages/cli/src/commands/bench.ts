import type { Command } from '../framework/command.js';

export const bench: Command = {
  name: 'bench',
  summary: 'send calls and say how long they took',
  details:
    'A closed loop of clients, or an open one with --rate that counts latency from the intended start; --plan for several functions. --help lists the options, docs/load.md explains them.',
  examples: [
    { line: 'relais bench hello 10 100', does: '10 clients that call 100 times each' },
    { line: 'relais bench hello --rate 500 --seconds 30 --html report.html', does: '500 calls a second, with plots' },
  ],
  ownFlags: true,
  async run({ raw }, { key, note, url, write }) {
    // Loaded here: no other command should pay for it.
    const { loadCommand } = await import('@relais/load');
    return loadCommand(raw, { print: (text) => write(`${text}\n`), note, url, ...(key === undefined ? {} : { key }) });
  },
};
