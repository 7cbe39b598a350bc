// node tools/faults/main.mjs [clients|burst|flood|probes|kills|roles|restarts ...] [--smoke] [--json]: what a platform does under more
// load than it can serve, and while its parts die, stall and restart. Takes about twenty minutes; each run starts platforms of
// its own on loopback and leaves nothing behind. Exits with 1 when a promise is broken.
import { parseArgs } from 'node:util';
import { burst } from './burst.mjs';
import { clients } from './clients.mjs';
import { flood } from './flood.mjs';
import { kills } from './kills.mjs';
import { probesAtOnce } from './probes.mjs';
import { restarts } from './restarts.mjs';
import { roles } from './roles.mjs';

const runs = { clients, burst, flood, probes: probesAtOnce, kills, roles, restarts };
const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: { smoke: { type: 'boolean', default: false }, json: { type: 'boolean', default: false } },
});
const chosen = positionals.length > 0 ? positionals : Object.keys(runs);
const unknown = chosen.filter((name) => !(name in runs));
if (unknown.length > 0) {
  console.error(`There is no run "${unknown[0]}". There are: ${Object.keys(runs).join(', ')}.`);
  process.exit(2);
}

const all = [];
for (const name of chosen) {
  const rows = await runs[name](options);
  all.push(...rows.map((row) => ({ run: name, ...row })));
  if (!options.json) print(name, rows);
}
if (options.json) console.log(JSON.stringify(all, null, 2));
process.exitCode = all.every(({ met }) => met !== false) ? 0 : 1;

function print(name, rows) {
  console.log(`\n${name}`);
  for (const { bound, met, name: what, target, unit, value } of rows) {
    const verdict = met === undefined ? '' : `${met ? 'met' : 'MISSED'}: at ${bound} ${target}`;
    const shown = typeof value === 'number' ? value.toFixed(Math.abs(value) < 10 ? 2 : 0) : value;
    console.log(`  ${what.padEnd(66)}${String(shown).padStart(9)} ${unit.padEnd(6)} ${verdict}`);
  }
}
