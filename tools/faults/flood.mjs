import { withRelais } from '../bench/relais.mjs';
import { outcomesOf, underLoad } from './inject.mjs';
import { atMost, told } from './row.mjs';

/** What is called ten times as often as it can be run. `perSecond` is what it can do. */
const flooded = [
  {
    what: 'a function of 4 at once that waits 50 ms',
    query: 'name=slow&lang=js&concurrency=4',
    source: 'export default () => new Promise((resolve) => setTimeout(() => resolve("done"), 50))',
    perSecond: () => 80,
  },
  {
    what: 'a function that computes for 10 ms or so',
    query: 'name=slow&lang=c&update=true',
    source:
      '#include <stdio.h>\nint main(void) { volatile int n = 0; while (n < 10000000) n++; puts("done"); return 0; }',
    perSecond: measured,
  },
];
const neighbourPerSecond = 50;

/** A function flooded at ten times what it can do, and a neighbour that is called as before: what does that one notice? */
export function flood({ smoke }) {
  const seconds = smoke ? 2 : 20;
  return withRelais([], async (relais) => {
    await relais.deploy('add', 'js', 'add.js');
    const neighbour = [{ function: 'add', payload: '{"a":2,"b":3}' }];
    const calm = { loop: 'open', ratePerSecond: neighbourPerSecond, arrivals: 'constant', seconds };
    const rows = [];
    for (const { perSecond, query, source, what } of flooded) {
      await change(relais.url, query, source);
      await underLoad(relais.url, neighbour, { ...calm, seconds: seconds / 4 });
      const alone = await underLoad(relais.url, neighbour, calm);
      const ratePerSecond = 10 * (await perSecond(relais.url, seconds / 4));
      const flooding = underLoad(relais.url, [{ function: 'slow' }], { ...calm, ratePerSecond, seconds: seconds + 2 });
      const beside = await underLoad(relais.url, neighbour, calm);
      rows.push(...rowsOf(what, alone, beside, await flooding));
    }
    return rows;
  });
}

function rowsOf(what, alone, beside, flooding) {
  const [aloneMs, besideMs] = [alone, beside].map(({ latency }) => latency.percentilesMs[2]);
  const { ok, resource_exhausted: refused = 0, ...wrong } = outcomesOf(flooding);
  return [
    told(`${what}: calls a second`, flooding.requestsPerSecond, '/s'),
    told(`${what}: of them answered well`, (ok / flooding.elapsedMs) * 1000, '/s'),
    told(`${what}: of them refused with 429`, (100 * refused) / flooding.calls, '%'),
    told(`${what}: otherwise ${JSON.stringify(wrong)}`, flooding.calls - ok - refused, ''),
    told('neighbour alone: p99', aloneMs, 'ms'),
    atMost(2, 'neighbour beside it: p99 over that', besideMs / aloneMs, 'x'),
    atMost(0, 'neighbour beside it: failed', beside.failed, ''),
  ];
}

async function measured(url, seconds) {
  const { requestsPerSecond } = await underLoad(url, [{ function: 'slow' }], { loop: 'closed', clients: 8, seconds });
  return requestsPerSecond;
}

async function change(url, query, source) {
  const response = await fetch(`${url}/deploy?${query}`, { method: 'POST', body: source });
  if (!response.ok) throw new Error(await response.text());
}
