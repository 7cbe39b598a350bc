import { readFileSync } from 'node:fs';

const quietMax = 0.03;
const triesPerRound = 3;

/**
 * Results of as many rounds as are wanted, of those in which the hypervisor took the least time of this machine's processors
 * for others: goes on, to three times as many, until in enough of them it took less than 3 %. `stolenPercent` is the most it
 * took in one that counts; `all` has the results of those too that do not: what must never happen must not there either.
 */
export async function quietRounds(count, round) {
  const tried = [];
  let quietCount = 0;
  while (quietCount < count && tried.length < count * triesPerRound) {
    const before = processorTime();
    const result = await round();
    const stolen = stolenSince(before);
    if (stolen < quietMax) quietCount++;
    tried.push({ result, stolen });
  }
  const counting = tried.toSorted((one, other) => one.stolen - other.stolen).slice(0, count);
  return {
    results: counting.map(({ result }) => result),
    all: tried.map(({ result }) => result),
    stolenPercent: counting.at(-1).stolen * 100,
  };
}

function stolenSince(before) {
  const now = processorTime();
  return (now.stolen - before.stolen) / Math.max(1, now.all - before.all);
}

/** Of all processors since the start of the machine, clock ticks. */
function processorTime() {
  const [, ...ticks] = readFileSync('/proc/stat', 'utf8').split('\n', 1)[0].trim().split(/\s+/).map(Number);
  // User, nice, system, idle, I/O wait, interrupts, soft interrupts, stolen; what guests used is in user and nice.
  return { all: ticks.slice(0, 8).reduce((sum, each) => sum + each, 0), stolen: ticks[7] ?? 0 };
}
