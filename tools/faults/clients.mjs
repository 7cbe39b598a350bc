import { treeMemoryMb } from '../bench/process-tree.mjs';
import { deploy, withRelais } from '../bench/relais.mjs';
import { startEcho } from '../bench/target.mjs';
import { outcomesOf, underLoad } from './inject.mjs';
import { atLeast, atMost, told } from './row.mjs';

const secondsEach = 12;
/** What a client that waits for its turn may cost: its connection, its call and its payload, in every process. */
const memoryMbPerClient = 0.25;

/** Works for 0.6 ms, so that 2,000 clients want more than two processors can do. */
const busySource = `export default ({ a, b }) => {
  for (const endMs = performance.now() + 0.6; performance.now() < endMs; );
  return a + b;
};`;

/**
 * Ever more clients in a closed loop, of a WASM function, of a JavaScript one, and of one that they overload: does throughput
 * collapse? What a bare server loses with as many connections is told beside it.
 */
export async function clients({ smoke }) {
  const counts = smoke ? [10, 50] : [10, 100, 1000, 2000];
  const seconds = smoke ? 1 : secondsEach;
  const rows = await echoRows([counts.at(1), counts.at(-1)], seconds);
  return withRelais([], async (relais) => {
    await relais.deploy('hello', 'c', 'hello.c');
    await relais.deploy('add', 'js', 'add.js');
    await deploy(relais.url, 'busy', 'js', busySource);
    for (const fn of ['hello', 'add', 'busy']) rows.push(...(await climb(relais, fn, counts, seconds)));
    return rows;
  });
}

async function echoRows(counts, seconds) {
  const echo = await startEcho();
  try {
    const rates = [];
    for (const clientCount of counts) {
      const phase = await underLoad(echo.url, [{ function: 'echo' }], {
        loop: 'closed',
        clients: clientCount,
        seconds,
      });
      rates.push((phase.calls / phase.elapsedMs) * 1000);
    }
    const most = Math.max(...rates);
    return [
      ...rates.map((rate, at) => told(`bare echo, ${counts[at]} clients: answered`, rate, '/s')),
      told('bare echo: rate with most clients over the best rate', rates.at(-1) / most, 'x'),
    ];
  } finally {
    await echo.stop();
  }
}

async function climb({ pid, url }, fn, counts, seconds) {
  const targets = [{ function: fn, payload: '{"a":2,"b":3}' }];
  await underLoad(url, targets, { loop: 'closed', clients: 10, seconds: seconds / 2 });
  const beforeMb = treeMemoryMb(pid);
  const rates = [];
  const rows = [];
  const others = {};
  for (const clientCount of counts) {
    const phase = await underLoad(url, targets, { loop: 'closed', clients: clientCount, seconds });
    const { ok, resource_exhausted: refused = 0, ...wrong } = outcomesOf(phase);
    for (const [code, count] of Object.entries(wrong)) others[code] = (others[code] ?? 0) + count;
    const rate = (ok / phase.elapsedMs) * 1000;
    rates.push(rate);
    rows.push(told(`${fn}, ${clientCount} clients: answered well`, rate, '/s'));
    rows.push(told(`${fn}, ${clientCount} clients: p99`, phase.latency.percentilesMs[2], 'ms'));
    rows.push(told(`${fn}, ${clientCount} clients: refused with 429`, (100 * refused) / phase.calls, '%'));
  }
  const grownMb = treeMemoryMb(pid) - beforeMb;
  const otherCount = Object.values(others).reduce((sum, count) => sum + count, 0);
  return [
    ...rows,
    atLeast(0.9, `${fn}: rate with most clients over the best rate`, rates.at(-1) / Math.max(...rates), 'x'),
    atMost(0, `${fn}: failures that are no 429 ${otherCount ? JSON.stringify(others) : ''}`, otherCount, ''),
    atMost(64 + memoryMbPerClient * counts.at(-1), `${fn}: memory grown over all`, grownMb, 'MiB'),
  ];
}
