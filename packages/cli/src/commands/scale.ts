import type { ScaleDecision } from '@relais/sdk';
import type { Command } from '../framework/command.js';
import { safeText } from '../output/safe-text.js';
import { pairs, table } from '../output/table.js';
import { timestampMs } from '../output/timestamps.js';
import { durationText } from '../output/units.js';

const explain: Command = {
  name: 'explain',
  summary: 'say why there are as many workers and warm instances as there are',
  details: 'The decisions of the autoscaler, newest first, with what each was made on. They are kept until a restart.',
  arguments: [
    { name: 'NAME', describe: 'a function, or workers as the table names them; all unless given', optional: true },
  ],
  options: [{ name: 'limit', value: 'N', describe: 'decisions at most, 1000 of them; 50 unless given' }],
  examples: [
    { line: 'relais scale explain', does: 'the last decisions' },
    { line: 'relais scale explain hello', does: 'those about the warm instances of "hello"' },
  ],
  async run(input, io) {
    const subject = input.optionalArgument('NAME') ?? '';
    const options = { signal: io.interrupted };
    const { decisions } = await io.client.cluster.explainScale({ subject, limit: input.count('limit') ?? 0 }, options);
    // Nothing decided and a mistyped name look alike to the platform.
    if (decisions.length === 0 && subject !== '') await io.client.functions.getFunction({ function: subject }, options);
    io.report({ decisions: decisions.map(plainDecision) }, () =>
      decisions.length === 0
        ? 'nothing was decided yet: the first calls make the first decisions\n'
        : decisionTable(decisions),
    );
    return undefined;
  },
};

export const scale: Command = {
  name: 'scale',
  summary: 'show how calls are given to workers, or change it',
  options: [{ name: 'strategy', value: 'NAME', describe: 'the strategy for all later calls' }],
  examples: [
    { line: 'relais scale', does: 'strategy, queue and workers now' },
    { line: 'relais scale --strategy rr', does: 'give calls to the workers in turn' },
  ],
  subcommands: [explain],
  async run(input, io) {
    const options = { signal: io.interrupted };
    const wanted = input.text('strategy');
    const changed =
      wanted === undefined ? undefined : await io.client.cluster.setStrategy({ strategy: wanted }, options);
    const status = await io.client.cluster.getStatus({}, options);
    const { jobsQueued, jobsRunning, strategy, uptimeS, version, workersOnDemand, workersReady } = status;
    const before = changed ? { previousStrategy: changed.previousStrategy } : {};
    io.report({ strategy, ...before, workersReady, workersOnDemand, jobsQueued, jobsRunning, uptimeS, version }, () =>
      pairs([
        ['strategy', changed ? `${strategy} (was ${changed.previousStrategy})` : strategy],
        [
          'workers',
          `${workersReady} ready${workersOnDemand > 0 ? `, ${workersOnDemand} when calls ask for them` : ''}`,
        ],
        ['calls', `${jobsRunning} running, ${jobsQueued} waiting`],
        ['platform', `${version}, up for ${durationText(uptimeS * 1000)}`],
      ]),
    );
    return undefined;
  },
};

function decisionTable(decisions: readonly ScaleDecision[]): string {
  return table(
    ['AT', 'WHAT', 'NAME', 'HAD', 'NOW', 'DEMAND', 'BURST', 'HELD', 'WHY'],
    decisions.map((decision) => [
      new Date(timestampMs(decision.at)).toISOString().slice(0, 19),
      decision.kind,
      safeText(decision.subject),
      String(decision.instances),
      String(decision.decided),
      decision.stableDemand.toFixed(2),
      decision.panicDemand.toFixed(2),
      `${decision.repeats + 1}x`,
      safeText(decision.reason),
    ]),
  );
}

/** A decision as JSON for programs, with all it was made on. */
function plainDecision({ $typeName: _, $unknown: __, at, policy, ...facts }: ScaleDecision): object {
  const { $typeName: ___, $unknown: ____, ...kept } = policy ?? { $typeName: '', $unknown: [] };
  return { at: new Date(timestampMs(at)).toISOString(), ...facts, policy: kept };
}
