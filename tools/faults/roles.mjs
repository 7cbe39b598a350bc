import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { eventually, fourRoles, isAlive, processTree, removeData, SteadyLoad } from '@relais/cli/system';
import { countedCall, deployCounting, readCounts, reasonOf, reasonsOf } from './counted.mjs';
import { atMost, told } from './row.mjs';

const callsPerSecond = 60;
const stoppedMs = 4000;
/** Between two blows, so that each call can be told which one it met. */
const calmMs = 6000;
const orphanMsMax = 3000;
/** What a call that was under way may be told; of a gateway that is killed its connection is reset. */
const expected = ['worker_lost', 'connection_lost', 'peer_slow', 'timeout'];
/** More than are under way at once at this rate. */
const failedMax = 12;

/**
 * Each process of a platform of four is killed, and another time stopped for four seconds, under load. Without a sandbox, for
 * the functions must be able to write down that they ran.
 */
export async function roles({ smoke }) {
  const directory = mkdtempSync(join(tmpdir(), 'relais-roles-'));
  const counts = join(directory, 'counts');
  try {
    const platform = await fourRoles.start({ flags: ['--sandbox', 'none'] });
    try {
      await deployCounting(platform.url, counts);
      return await strikeEach(platform, smoke ? [killed] : [killed, stopped], counts);
    } finally {
      await platform.stop();
      removeData(platform.data);
    }
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

async function strikeEach(platform, strikes, counts) {
  const load = new SteadyLoad({ url: platform.url, call: countedCall, callsPerSecond });
  const blows = [];
  try {
    for (const strike of strikes) {
      for (const role of platform.roles) blows.push(await blowOf(strike, platform, role, load));
    }
  } finally {
    await load.stop();
  }
  const { answers } = load;
  const met = new Set(blows.flatMap((blow) => failedBy(blow, answers)));
  const unmet = answers.filter((answer) => answer.status !== 200 && !met.has(answer));
  return [
    told('calls', answers.length, ''),
    ...blows.flatMap((blow) => rowsOf(blow, failedBy(blow, answers))),
    atMost(0, `failed without a blow ${reasonsOf(unmet)}`, unmet.length, ''),
    ...readCounts(counts).promises(answers),
  ];
}

/** Resolves with what was done, and which calls were made from then until all was calm again. */
async function blowOf(strike, platform, role, load) {
  await pause(calmMs);
  const from = load.madeCount;
  const what = await strike(platform, role);
  await pause(calmMs);
  return { what, role, from, to: load.madeCount };
}

async function killed(platform, role) {
  const left = processTree(platform.pidOf(role));
  await platform.restart(role, 'SIGKILL');
  await eventually(`nothing is left of ${role}`, async () => !left.some(isAlive), orphanMsMax);
  return 'killed';
}

async function stopped(platform, role) {
  process.kill(platform.pidOf(role), 'SIGSTOP');
  try {
    await pause(stoppedMs);
  } finally {
    process.kill(platform.pidOf(role), 'SIGCONT');
  }
  return 'stopped';
}

/** Calls that failed and were made from a second before a blow until all was calm again. */
function failedBy({ from, to }, answers) {
  return answers.filter(({ index, status }) => index >= from - callsPerSecond && index < to && status !== 200);
}

function rowsOf({ what, role }, failed) {
  const isExpected = (answer) => expected.includes(reasonOf(answer)) || (role === 'gateway' && answer.status === 0);
  const other = failed.filter((answer) => !isExpected(answer));
  // The others waited for a new one in vain: on a slow machine its start takes as long as they had.
  const underWay = failed.filter((answer) => reasonOf(answer) !== 'timeout');
  return [
    told(`${role} ${what}: failed ${reasonsOf(failed)}`, failed.length, ''),
    atMost(failedMax, `${role} ${what}: failed though it did not run out of time`, underWay.length, ''),
    atMost(0, `${role} ${what}: failed otherwise ${reasonsOf(other)}`, other.length, ''),
  ];
}
