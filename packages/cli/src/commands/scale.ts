import type { Command } from '../framework/command.js';
import { pairs } from '../output/table.js';
import { durationText } from '../output/units.js';

export const scale: Command = {
  name: 'scale',
  summary: 'show how calls are given to workers, or change it',
  options: [{ name: 'strategy', value: 'NAME', describe: 'the strategy for all later calls' }],
  examples: [
    { line: 'relais scale', does: 'strategy, queue and workers now' },
    { line: 'relais scale --strategy rr', does: 'give calls to the workers in turn' },
  ],
  async run(input, io) {
    const options = { signal: io.interrupted };
    const wanted = input.text('strategy');
    const changed =
      wanted === undefined ? undefined : await io.client.cluster.setStrategy({ strategy: wanted }, options);
    const status = await io.client.cluster.getStatus({}, options);
    const { jobsQueued, jobsRunning, strategy, uptimeS, version, workersReady } = status;
    const before = changed ? { previousStrategy: changed.previousStrategy } : {};
    io.report({ strategy, ...before, workersReady, jobsQueued, jobsRunning, uptimeS, version }, () =>
      pairs([
        ['strategy', changed ? `${strategy} (was ${changed.previousStrategy})` : strategy],
        ['workers', `${workersReady} ready`],
        ['calls', `${jobsRunning} running, ${jobsQueued} waiting`],
        ['platform', `${version}, up for ${durationText(uptimeS * 1000)}`],
      ]),
    );
    return undefined;
  },
};
