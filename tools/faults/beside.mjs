import { median } from '../bench/median.mjs';
import { underLoad } from './inject.mjs';

const callsPerSecond = 50;

/**
 * What neighbours notice: calls of them alone and beside what disturbs them, in turns, so that what else disturbs the machine
 * disturbs both alike. `disturb(seconds)` begins and resolves when it is over. Resolves with the medians of the 99th
 * percentiles, milliseconds, and with the phases beside.
 */
export async function besides(url, targets, disturb, { smoke }) {
  const rounds = smoke ? 1 : 5;
  const seconds = smoke ? 2 : 8;
  const calls = () =>
    underLoad(url, targets, { loop: 'open', ratePerSecond: callsPerSecond, arrivals: 'constant', seconds });
  await calls();
  const phases = { alone: [], beside: [] };
  for (let round = 0; round < rounds; round++) {
    phases.alone.push(await calls());
    const disturbed = disturb(seconds + 1);
    phases.beside.push(await calls());
    await disturbed;
  }
  return { aloneMs: medianP99Ms(phases.alone), besideMs: medianP99Ms(phases.beside), beside: phases.beside };
}

function medianP99Ms(phases) {
  return median(phases.map(({ latency }) => latency.percentilesMs[2]));
}
