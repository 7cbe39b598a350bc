// npm run bench [-- --smoke] [-- --json]: POST /invoke of the C hello through the whole chain beside a bare node:http
// echo, in one run, rounds interleaved, over REST and as Connect JSON; then both at 70 % of the most they answered. Prints the
// ratio of the medians; absolute figures move with the machine.
import { parseArgs } from 'node:util';
import { withRelais } from './relais.mjs';
import { compare, table } from './rounds.mjs';
import { compareSteady, steadyText } from './steady.mjs';
import { startEcho } from './target.mjs';

const { values: options } = parseArgs({
  options: { smoke: { type: 'boolean', default: false }, json: { type: 'boolean', default: false } },
});
const length = options.smoke ? { rounds: 1, roundMs: 500 } : { rounds: 5, roundMs: 3000 };
const steadyLength = { ...length, rounds: options.smoke ? 1 : 3 };
const clientCounts = options.smoke ? [8] : [1, 32];

const echo = await startEcho();
try {
  await withRelais([], async (relais) => {
    const id = await relais.deploy('hello', 'c', 'hello.c');
    const payload = '{"input":"test"}';
    const scenarios = [
      { ...echo, path: '/', payload },
      { ...relais, path: `/invoke?fn=${id}`, payload },
      { ...relais, name: 'relais, Connect', protocol: 'connect-json', path: id, payload },
    ];
    const rows = [];
    for (const clients of clientCounts) rows.push(...(await compare(scenarios, clients, length)));
    const busiest = rows.slice(-scenarios.length, -1);
    const peaks = busiest.map(({ requestsPerSecond }) => requestsPerSecond);
    const steady = await compareSteady(scenarios, peaks, steadyLength);
    if (options.json) console.log(JSON.stringify({ rows, steady }, null, 2));
    else {
      console.log(
        `Median of ${length.rounds} interleaved round(s) of ${length.roundMs} ms each; node ${process.version}.`,
      );
      console.log(table(rows));
      console.log(steadyText(steady));
    }
  });
} finally {
  await echo.stop();
}
