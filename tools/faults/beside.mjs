import { median } from '../bench/median.mjs';
import { quietRounds } from '../bench/quiet-rounds.mjs';
import { underLoad } from './inject.mjs';

const callsPerSecond = 50;

/**
 * What neighbours notice: calls of them alone and beside what disturbs them, in turns, so that what else disturbs the machine
 * disturbs both alike. `disturb(seconds)` begins and resolves when it is over. Resolves with the medians of the 99th
 * percentiles, milliseconds, and with all phases beside, also of rounds that do not count.
 */
export async function besides(url, targets, disturb, { smoke }) {
  const seconds = smoke ? 2 : 8;
  const calls = () =>
    underLoad(url, targets, { loop: 'open', ratePerSecond: callsPerSecond, arrivals: 'constant', seconds });
  await calls();
  const { all, results, stolenPercent } = await quietRounds(smoke ? 1 : 5, async () => {
    const alone = await calls();
    const disturbed = disturb(seconds + 1);
    const beside = await calls();
    await disturbed;
    return { alone, beside };
  });
  const [aloneMs, besideMs] = ['alone', 'beside'].map((when) => medianP99Ms(results.map((round) => round[when])));
  return { aloneMs, besideMs, beside: all.map(({ beside }) => beside), stolenPercent };
}

function medianP99Ms(phases) {
  return median(phases.map(({ latency }) => latency.percentilesMs[2]));
}
