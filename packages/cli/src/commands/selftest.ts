import type { Command } from '../framework/command.js';
import { jsonLine } from '../output/safe-text.js';
import { table } from '../output/table.js';
import { durationText } from '../output/units.js';
import type { Trial } from '../selftest/trial.js';

export const selftest: Command = {
  name: 'selftest',
  summary: 'deploy, call and remove one function of each available language',
  options: [{ name: 'lang', short: 'l', value: 'LANG', describe: 'only this language', repeated: true }],
  examples: [
    { line: 'relais selftest', does: 'try every language there is' },
    { line: 'relais selftest --lang c --lang python', does: 'only two; exit code 1 when one fails' },
  ],
  async run(input, io) {
    const { tryLanguages } = await import('../selftest/trial.js');
    const progress = io.progress();
    const trials = await tryLanguages(io, input.texts('lang'), progress).finally(() => progress.end());
    const failed = trials.filter(({ result }) => result === 'failed');
    const passed = trials.filter(({ result }) => result === 'passed').length;
    if (io.json) io.write(jsonLine({ ok: failed.length === 0, trials }));
    else {
      const summary = `${passed} passed, ${failed.length} failed, ${trials.length - passed - failed.length} not available`;
      io.write(
        `${table(['LANGUAGE', 'RESULT', 'DEPLOY', 'FIRST CALL', 'NEXT CALL', ''], trials.map(row))}${summary}\n`,
      );
    }
    return failed.length === 0 ? undefined : 1;

    function row({ deployMs, firstCallMs, lang, nextCallMs, result, says }: Trial): string[] {
      const colour = { passed: 'green', failed: 'red', absent: 'yellow' } as const;
      const time = (ms: number | undefined) => (ms === undefined ? '-' : durationText(ms));
      return [lang, io.paint(colour[result], result), time(deployMs), time(firstCallMs), time(nextCallMs), says];
    }
  },
};
