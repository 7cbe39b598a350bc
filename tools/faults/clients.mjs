import { checkPlan, Injector, summarise } from '@relais/load';
import { median } from '../bench/median.mjs';
import { pairedRatio } from '../bench/paired-ratio.mjs';
import { treeMemoryMb } from '../bench/process-tree.mjs';
import { quietRounds } from '../bench/quiet-rounds.mjs';
import { deploy, withRelais } from '../bench/relais.mjs';
import { startEcho } from '../bench/target.mjs';
import { outcomesOf, underLoad } from './inject.mjs';
import { atLeast, atMost, stolen, told } from './row.mjs';

const roundCount = 5;
const secondsEach = 5;
const warmSeconds = 1;
const settlingClients = 100;
const settlingSeconds = 10;
/** What a client that waits for its turn may cost: its connection, its call and its payload, in every process. */
const memoryMbPerClient = 0.25;

/**
 * Takes some 0.6 ms of a processor, so that 2,000 clients want more than two can do. It counts steps and not the time, which
 * goes on while a worker waits for a processor: the fewer of them there were, the less it would have to do.
 */
const busySource = `export default ({ a, b }) => {
  let x = a;
  for (let step = 0; step < 400_000; step++) x = (Math.imul(x, 31) + step) | 0;
  return a + b + (x & 0);
};`;

/**
 * Ever more clients in a closed loop, of a WASM function, of a JavaScript one, and of one that they overload: does throughput
 * collapse? What a bare server loses with as many connections is told beside it. All counts of clients take turns, so that
 * what else disturbs the machine disturbs all alike.
 */
export async function clients({ smoke }) {
  const sizes = smoke
    ? { counts: [10, 50], rounds: 1, seconds: 2 }
    : { counts: [10, 100, 1000, 2000], rounds: roundCount, seconds: secondsEach };
  const rows = await echoRows(sizes);
  return withRelais([], async (relais) => {
    await relais.deploy('hello', 'c', 'hello.c');
    await relais.deploy('add', 'js', 'add.js');
    await deploy(relais.url, 'busy', 'js', busySource);
    for (const fn of ['hello', 'add', 'busy']) rows.push(...(await functionRows(relais, fn, sizes)));
    return rows;
  });
}

async function echoRows(sizes) {
  const echo = await startEcho();
  try {
    const { levels, stolenPercent } = await climb(echo.url, [{ function: 'echo' }], sizes);
    const { name, ratio } = kept(levels);
    return [
      stolen(stolenPercent),
      ...levels.map(({ count, rate }) => told(`bare echo, ${count} clients: answered`, rate, '/s')),
      told(`bare echo: ${name}`, ratio, 'x'),
    ];
  } finally {
    await echo.stop();
  }
}

async function functionRows({ pid, url }, fn, sizes) {
  const targets = [{ function: fn, payload: '{"a":2,"b":3}' }];
  // Instances and compiled code, which a hundred bring about, no client holds.
  await underLoad(url, targets, { loop: 'closed', clients: settlingClients, seconds: settlingSeconds });
  const beforeMb = treeMemoryMb(pid);
  const { all, levels, stolenPercent } = await climb(url, targets, sizes);
  const grownMb = treeMemoryMb(pid) - beforeMb;
  const { name, ratio } = kept(levels);
  const others = {};
  for (const outcomes of all.flat().flatMap((sample) => sample.outcomes)) {
    const { ok, resource_exhausted, ...wrong } = outcomes;
    for (const [code, count] of Object.entries(wrong)) others[code] = (others[code] ?? 0) + count;
  }
  const otherCount = Object.values(others).reduce((sum, count) => sum + count, 0);
  return [
    stolen(stolenPercent),
    ...levels.flatMap(({ count, rate, samples }) => [
      told(`${fn}, ${count} clients: answered well`, rate, '/s'),
      told(`${fn}, ${count} clients: p99`, median(samples.map(({ p99Ms }) => p99Ms)), 'ms'),
      told(
        `${fn}, ${count} clients: refused with 429`,
        median(samples.map(({ refusedPercent }) => refusedPercent)),
        '%',
      ),
    ]),
    atLeast(0.9, `${fn}: ${name}`, ratio, 'x'),
    atMost(0, `${fn}: failures that are no 429 ${otherCount ? JSON.stringify(others) : ''}`, otherCount, ''),
    atMost(64 + memoryMbPerClient * sizes.counts.at(-1), `${fn}: memory grown over all`, grownMb, 'MiB'),
  ];
}

/**
 * Of each count of clients its samples and the median of their rates of good answers, per second; `all` has all samples. Each
 * round goes through the counts the other way round than the one before. The threads that call stay for all of them, and what
 * a second shows in which the clients connect does not count.
 */
async function climb(url, targets, { counts, rounds, seconds }) {
  const phases = counts.flatMap((clients) => [warmSeconds, seconds].map((each) => closedPhase(clients, each)));
  const plan = checkPlan({ url, targets, phases, traceRatio: 0 });
  const injector = await Injector.start(plan);
  try {
    const order = [...counts.keys()];
    const { all, results, stolenPercent } = await quietRounds(rounds, async () => {
      const samples = [];
      for (const at of order) {
        const runs = [await injector.run(at * 2), await injector.run(at * 2 + 1)];
        samples[at] = sampleOf(...summarise(plan, runs).phases);
      }
      order.reverse();
      return samples;
    });
    const levels = counts.map((count, at) => {
      const samples = results.map((round) => round[at]);
      return { count, samples, rate: median(samples.map(({ rate }) => rate)) };
    });
    return { all, levels, stolenPercent };
  } finally {
    await injector.stop();
  }
}

function closedPhase(clients, seconds) {
  return { loop: 'closed', clients, seconds };
}

/** What must never happen must not while they connect either. */
function sampleOf(warm, phase) {
  const outcomes = outcomesOf(phase);
  return {
    outcomes: [outcomesOf(warm), outcomes],
    rate: goodRateOf(phase),
    p99Ms: phase.latency.percentilesMs[2],
    refusedPercent: (100 * (outcomes.resource_exhausted ?? 0)) / phase.calls,
  };
}

/** Good answers a second while all clients called: in the end ever fewer wait for their last answers (of 2,000 some for 3 s). */
function goodRateOf({ phase, seconds }) {
  const full = seconds.filter(({ second }) => second < phase.seconds);
  return full.reduce((sum, { calls, failures }) => sum + calls - failures, 0) / full.length;
}

/**
 * The rate with most clients over the best rate, and its name. The best of four medians is one that chance was kind to; taken
 * round by round it has been so less often.
 */
function kept(levels) {
  const best = levels.reduce((one, other) => (other.rate > one.rate ? other : one));
  const [most, base] = [levels.at(-1), best].map(({ samples }) => samples.map(({ rate }) => rate));
  const { ratio, ratioHigh, ratioLow } = pairedRatio(most, base);
  const name = `rate with ${levels.at(-1).count} over that with ${best.count}, ${ratioLow.toFixed(2)} to ${ratioHigh.toFixed(2)}`;
  return { name, ratio };
}
