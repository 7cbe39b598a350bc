import type { Finding } from '../doctor/finding.js';
import type { Command } from '../framework/command.js';
import { pairs } from '../output/table.js';

const marks = { good: ['green', 'ok  '], lacking: ['yellow', 'warn'], bad: ['red', 'BAD '] } as const;

export const doctor: Command = {
  name: 'doctor',
  summary: 'check this machine and the platform, and say the fix for each lack',
  options: [{ name: 'data', value: 'DIR', describe: 'where the platform keeps its data; .relais unless given' }],
  examples: [
    { line: 'relais doctor', does: 'toolchains, sandbox, limits, port, disk' },
    { line: 'relais doctor --json', does: 'the same for a program; exit code 1 when something is bad' },
  ],
  async run(input, io) {
    // Loaded here: it looks around in the system.
    const { examine } = await import('../doctor/examine.js');
    const progress = io.progress();
    progress.step('looking around');
    const findings = await examine(io, input.text('data') ?? '.relais').finally(() => progress.end());
    const isBad = findings.some(({ state }) => state === 'bad');
    const text = () => findings.map((finding) => findingText(finding)).join('');
    const findingText = ({ fix, says, state, what }: Finding) => {
      const [colour, mark] = marks[state];
      const line = pairs([[`${io.paint(colour, mark)} ${what.padEnd(12)}`, says]]);
      return fix ? `${line}${' '.repeat(9)}${io.paint('cyan', 'fix:')} ${fix}\n` : line;
    };
    if (io.json) io.write(`${JSON.stringify({ ok: !isBad, findings })}\n`);
    else io.write(text());
    return isBad ? 1 : undefined;
  },
};
