import { type WorkerInfo, WorkerState } from '@relais/sdk';
import type { Command } from '../framework/command.js';
import { table } from '../output/table.js';
import { timestampMs } from '../output/timestamps.js';
import { ageText } from '../output/units.js';

const drain: Command = {
  name: 'drain',
  summary: 'give a worker no new calls; it finishes what it has',
  arguments: [{ name: 'ID', describe: 'a worker, as "relais workers" names it' }],
  examples: [{ line: 'relais workers drain w1', does: 'take one worker out of rotation' }],
  async run(input, io) {
    const workerId = input.argument('ID');
    await io.client.cluster.drainWorker({ workerId }, { signal: io.interrupted });
    io.report({ workerId }, () => `${workerId} gets no new calls\n`);
    return undefined;
  },
};

export const workers: Command = {
  name: 'workers',
  summary: 'show the workers and what each is doing',
  examples: [{ line: 'relais workers', does: 'the whole fleet' }],
  subcommands: [drain],
  async run(_input, io) {
    const { workers: fleet } = await io.client.cluster.listWorkers({}, { signal: io.interrupted });
    io.report({ workers: fleet.map(plainWorker) }, () => workerTable(fleet));
    return undefined;
  },
};

/** The fleet as a table. */
export function workerTable(fleet: readonly WorkerInfo[]): string {
  const now = Date.now();
  return table(
    ['WORKER', 'HOST', 'PID', 'STATE', 'BUSY', 'SLOTS', 'DONE', 'AGE', 'LANGUAGES'],
    fleet.map((worker) => [
      worker.id,
      worker.host,
      String(worker.pid),
      stateText(worker),
      String(worker.running),
      String(worker.slots),
      String(worker.jobsDone),
      ageText(timestampMs(worker.attachedAt), now),
      worker.languages.join(' '),
    ]),
  );
}

/** A worker as JSON for programs. */
export function plainWorker(worker: WorkerInfo): object {
  const { builds, host, id, jobsDone, languages, pid, running, slots } = worker;
  const attachedAt = new Date(timestampMs(worker.attachedAt)).toISOString();
  return { id, pid, host, state: stateText(worker), slots, running, jobsDone, languages, builds, attachedAt };
}

function stateText({ state }: WorkerInfo): string {
  return (WorkerState[state] ?? 'unspecified').toLowerCase();
}
