import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { SteadyLoad } from '@relais/cli/system';
import { seededRandom } from '@relais/load';
import { withRelais } from '../bench/relais.mjs';
import { countedCall, deployCounting, readCounts, reasonOf, reasonsOf, wasNotStarted } from './counted.mjs';
import { atMost, told } from './row.mjs';

const callsPerSecond = 40;
const blowEveryMs = 1000;
/** An endless loop, but for nobody being left to end it. */
const loop = 'for (const endMs = Date.now() + 300_000; Date.now() < endMs; );';
/** What a call that had begun on a worker that was struck may be told. */
const expected = ['worker_lost', 'timeout', 'peer_slow'];

/**
 * For two minutes a worker chosen by chance is killed or stopped every second, under load; then for one minute while endless
 * loops want every processor too: workers start so late that there may be none, and calls wait in vain. Without a sandbox,
 * for the functions must be able to write down that they ran.
 */
export async function kills({ smoke }) {
  const alone = await killsFor(smoke ? 20_000 : 120_000, (...figure) => atMost(0, ...figure));
  const loops = availableParallelism();
  const beside = await besideLoops(loops, () => killsFor(smoke ? 10_000 : 60_000, told));
  return [...alone, ...beside.map((row) => ({ ...row, name: `beside ${loops} endless loops: ${row.name}` }))];
}

/** `unbegun` makes the row of the calls that were lost before they were begun. */
async function killsFor(durationMs, unbegun) {
  const directory = mkdtempSync(join(tmpdir(), 'relais-kills-'));
  const counts = join(directory, 'counts');
  try {
    const flags = ['--sandbox', 'none', '--workers', '4'];
    return await withRelais(flags, async ({ url }) => {
      await deployCounting(url, counts);
      const load = new SteadyLoad({ url, call: countedCall, callsPerSecond });
      const blows = await strike(url, durationMs);
      await load.stop();
      return rowsOf(load.answers, readCounts(counts), blows, unbegun);
    });
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

async function besideLoops(count, work) {
  const loops = Array.from({ length: count }, () => spawn(process.execPath, ['-e', loop], { stdio: 'ignore' }));
  try {
    return await work();
  } finally {
    for (const each of loops) each.kill('SIGKILL');
  }
}

/** Resolves with how many workers were struck, and how many of them were only stopped. */
async function strike(url, durationMs) {
  const random = seededRandom(1);
  const endMs = performance.now() + durationMs;
  const blows = { all: 0, stopped: 0 };
  while (performance.now() < endMs) {
    await pause(blowEveryMs);
    const workers = await workersOf(url);
    const chosen = workers[Math.floor(random() * workers.length)];
    if (!chosen) continue;
    const signal = random() < 0.5 ? 'SIGKILL' : 'SIGSTOP';
    try {
      process.kill(chosen.pid, signal);
    } catch {
      // It has gone since.
      continue;
    }
    blows.all++;
    if (signal === 'SIGSTOP') blows.stopped++;
  }
  return blows;
}

function rowsOf(answers, { isUnseen, promises }, blows, unbegun) {
  const failed = answers.filter(({ status }) => status !== 200);
  const taken = failed.filter(({ status }) => status !== 429);
  const other = taken.filter((answer) => !expected.includes(reasonOf(answer)));
  const strayed = taken.filter(isUnseen);
  const lost = taken.filter(wasNotStarted);
  return [
    told('workers killed', blows.all - blows.stopped, ''),
    told('workers stopped', blows.stopped, ''),
    told('calls', answers.length, ''),
    told('answered well', (100 * (answers.length - failed.length)) / answers.length, '%'),
    told('refused with 429', failed.length - taken.length, ''),
    told('begun on a worker that was lost or stopped, and told so', taken.length - other.length, ''),
    told(`of those, calls that never reached the function ${reasonsOf(strayed)}`, strayed.length, ''),
    unbegun('lost before they were begun', lost.length, ''),
    atMost(0, `failed otherwise ${reasonsOf(other)}`, other.length, ''),
    ...promises(answers),
  ];
}

async function workersOf(url) {
  const init = { method: 'POST', body: '{}', headers: { 'content-type': 'application/json' } };
  const response = await fetch(`${url}/relais.v1.ClusterService/ListWorkers`, init);
  return (await response.json()).workers ?? [];
}
