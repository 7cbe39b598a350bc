import type { Command } from '../framework/command.js';
import { pause } from '../framework/pause.js';
import type { Surroundings } from '../framework/surroundings.js';
import { table } from '../output/table.js';
import { timestampMs } from '../output/timestamps.js';
import { ageText, durationText } from '../output/units.js';
import { allFunctions, plainFunction } from './ls.js';
import { plainWorker, workerTable } from './workers.js';

const intervalMsDefault = 1000;
const functionsShownMax = 20;
const clear = '\x1b[H\x1b[2J';

export const top: Command = {
  name: 'top',
  summary: 'watch the fleet and the functions live',
  details:
    'Until Ctrl-C. Without a terminal, and with --json, one picture a line or page without wiping the one before.',
  options: [
    { name: 'interval-ms', value: 'MS', describe: 'time between two pictures; 1000 unless given' },
    { name: 'once', describe: 'one picture, then end' },
  ],
  examples: [
    { line: 'relais top', does: 'a picture a second' },
    { line: 'relais top --once --json', does: 'one, for a program' },
  ],
  async run(input, io) {
    const intervalMs = input.count('interval-ms') ?? intervalMsDefault;
    let before: Picture | undefined;
    for (;;) {
      const picture: Picture = await pictureOf(io);
      io.report(
        jsonOf(picture),
        () => (io.isTerminal && !input.flag('once') ? clear : '') + pictureText(picture, before, io),
      );
      if (input.flag('once')) return undefined;
      before = picture;
      await pause(intervalMs, io.interrupted);
      if (io.interrupted.aborted) return undefined;
    }
  },
};

type Picture = Awaited<ReturnType<typeof pictureOf>>;

async function pictureOf({ client, interrupted }: Surroundings) {
  const options = { signal: interrupted };
  const [status, { workers }, functions] = await Promise.all([
    client.cluster.getStatus({}, options),
    client.cluster.listWorkers({}, options),
    allFunctions(client, interrupted),
  ]);
  return { status, workers, functions, atMs: performance.now() };
}

function jsonOf({ functions, status, workers }: Picture): object {
  const { jobsQueued, jobsRunning, strategy, uptimeS, version, workersReady } = status;
  return {
    status: { version, uptimeS, strategy, workersReady, jobsQueued, jobsRunning },
    workers: workers.map(plainWorker),
    functions: functions.map(plainFunction),
  };
}

function pictureText(picture: Picture, before: Picture | undefined, io: Surroundings): string {
  const { functions, status, workers } = picture;
  const rate = before ? `${callsPerSecond(picture, before).toFixed(0)} calls/s` : '- calls/s';
  const facts = [
    `${status.workersReady} workers`,
    `${status.jobsRunning} running`,
    `${status.jobsQueued} waiting`,
    rate,
    status.strategy,
    `up ${durationText(status.uptimeS * 1000)}`,
  ];
  const newest = [...functions]
    .sort((a, b) => timestampMs(b.createdAt) - timestampMs(a.createdAt))
    .slice(0, functionsShownMax);
  const now = Date.now();
  const rows = newest.map(({ createdAt, lang, name, version }) => [
    name,
    lang,
    String(version),
    ageText(timestampMs(createdAt), now),
  ]);
  const more = functions.length > newest.length ? `and ${functions.length - newest.length} more\n` : '';
  return [
    `${io.paint('bold', `relais ${status.version}`)}  ${facts.join(' · ')}\n`,
    `\n${workerTable(workers)}`,
    functions.length > 0
      ? `\n${table(['FUNCTION', 'LANG', 'VERSION', 'DEPLOYED'], rows)}${more}`
      : '\nno functions yet\n',
  ].join('');
}

function callsPerSecond(picture: Picture, before: Picture): number {
  const done = ({ workers }: Picture) => workers.reduce((sum, { jobsDone }) => sum + jobsDone, 0);
  // A worker that was replaced takes its count with it.
  return Math.max(0, ((done(picture) - done(before)) * 1000) / (picture.atMs - before.atMs));
}
