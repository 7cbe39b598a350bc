import { withRelais } from '../bench/relais.mjs';
import { besides, secondsBeside } from './beside.mjs';
import { outcomesOf, underLoad, withLoad } from './inject.mjs';
import { atMost, stolen, told } from './row.mjs';

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
  {
    what: 'a JavaScript function that computes for 10 ms or so',
    query: 'name=slow&lang=js&update=true',
    source: 'export default () => { let n = 0; while (n < 30000000) n++; return "done"; }',
    perSecond: measured,
  },
];

/** A function flooded at ten times what it can do, and a neighbour that is called as before: what does that one notice? */
export function flood({ smoke }) {
  return withRelais([], async (relais) => {
    await relais.deploy('add', 'js', 'add.js');
    const rows = [];
    for (const { perSecond, query, source, what } of flooded) {
      await change(relais.url, query, source);
      const ratePerSecond = 10 * (await perSecond(relais.url, smoke ? 0.5 : 5));
      const phase = { loop: 'open', ratePerSecond, arrivals: 'constant', seconds: secondsBeside(smoke) };
      const floods = [];
      const found = await withLoad(relais.url, [{ function: 'slow' }], phase, async (run) => {
        const disturb = async () => floods.push(await run());
        return besides(relais.url, [{ function: 'add', payload: '{"a":2,"b":3}' }], disturb, { smoke });
      });
      rows.push(...floodRows(what, floods), ...neighbourRows(found));
    }
    return rows;
  });
}

function floodRows(what, floods) {
  const counts = {};
  for (const phase of floods) {
    for (const [code, count] of Object.entries(outcomesOf(phase))) counts[code] = (counts[code] ?? 0) + count;
  }
  const seconds = sum(floods.map(({ elapsedMs }) => elapsedMs)) / 1000;
  const calls = sum(floods.map((phase) => phase.calls));
  const { ok, resource_exhausted: refused = 0, ...wrong } = counts;
  return [
    told(`${what}: calls a second`, calls / seconds, '/s'),
    told(`${what}: of them answered well`, ok / seconds, '/s'),
    told(`${what}: of them refused with 429`, (100 * refused) / calls, '%'),
    told(`${what}: otherwise ${JSON.stringify(wrong)}`, calls - ok - refused, ''),
  ];
}

function neighbourRows({ aloneMs, beside, besideMs, stolenPercent }) {
  return [
    stolen(stolenPercent),
    told('neighbour alone: p99', aloneMs, 'ms'),
    atMost(2, 'neighbour beside it: p99 over that', besideMs / aloneMs, 'x'),
    atMost(0, 'neighbour beside it: failed', sum(beside.map(({ failed }) => failed)), ''),
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

function sum(values) {
  return values.reduce((all, value) => all + value, 0);
}
