import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { median } from '../bench/median.mjs';
import { quietRounds } from '../bench/quiet-rounds.mjs';

const callsPerSecond = 50;
const clientMain = fileURLToPath(new URL('./neighbour-client.mjs', import.meta.url));

/** How long a disturbance lasts: a second more than what is called beside it. */
export function secondsBeside(smoke) {
  return phaseSeconds(smoke) + 1;
}

function phaseSeconds(smoke) {
  return smoke ? 2 : 8;
}

/**
 * What neighbours notice: calls of them alone and beside what disturbs them, in turns, so that what else disturbs the machine
 * disturbs both alike. `disturb(secondsBeside)` begins and resolves when it is over. Resolves with the medians of the 99th
 * percentiles, milliseconds, and with all phases beside, also of rounds that do not count.
 */
export async function besides(url, targets, disturb, { smoke }) {
  const phase = { loop: 'open', ratePerSecond: callsPerSecond, arrivals: 'constant', seconds: phaseSeconds(smoke) };
  const client = fork(clientMain, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  try {
    const calls = () => answerOf(client, { url, targets, phase });
    await calls();
    const { all, results, stolenPercent } = await quietRounds(smoke ? 1 : 5, async () => {
      const alone = await calls();
      const disturbed = disturb(secondsBeside(smoke));
      const beside = await calls();
      await disturbed;
      return { alone, beside };
    });
    const [aloneMs, besideMs] = ['alone', 'beside'].map((when) => medianP99Ms(results.map((round) => round[when])));
    return { aloneMs, besideMs, beside: all.map(({ beside }) => beside), stolenPercent };
  } finally {
    if (client.connected) client.disconnect();
    if (client.exitCode === null && client.signalCode === null) await once(client, 'exit');
  }
}

/** Rejects when the client ends instead. */
function answerOf(client, question) {
  return new Promise((resolve, reject) => {
    const ended = (code, signal) => reject(new Error(`the client of the neighbours ended: ${signal ?? code}`));
    client.once('exit', ended);
    client.once('message', (answer) => {
      client.off('exit', ended);
      resolve(answer);
    });
    client.send(question);
  });
}

function medianP99Ms(phases) {
  return median(phases.map(({ latency }) => latency.percentilesMs[2]));
}
