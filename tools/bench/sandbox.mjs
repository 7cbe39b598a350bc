// node tools/bench/sandbox.mjs [--smoke] [--json]: warm calls on a platform in the sandbox that this machine gives, beside the
// same platform without one, rounds interleaved: the sandbox is paid when a process starts, not by the call.
import { parseArgs } from 'node:util';
import { findGroups } from '@relais/worker';
import { withRelais } from './relais.mjs';
import { compare, table } from './rounds.mjs';

const { values: options } = parseArgs({
  options: { smoke: { type: 'boolean', default: false }, json: { type: 'boolean', default: false } },
});
const length = options.smoke ? { rounds: 1, roundMs: 300 } : { rounds: 25, roundMs: 1000 };
const functions = [
  ['hello', 'c', 'hello.c'],
  ['add', 'js', 'add.js'],
  ['greet', 'python', 'greet.py'],
];

// The platform in the sandbox stands before what shares the session; the injector is to wait for neither of the two.
const groups = findGroups(process.pid, 'client');
try {
  groups?.standFirst();
  await withRelais(['--sandbox', 'none'], (bare) => withRelais([], (confined) => compareThem(bare, confined)));
} finally {
  await groups?.close();
}

async function compareThem(bare, confined) {
  const tables = [];
  for (const [name, lang, example] of functions) {
    for (const platform of [bare, confined]) await platform.deploy(name, lang, example);
    const call = { path: `/invoke?fn=${name}`, payload: '{"a":2,"b":3}' };
    const scenarios = [
      { ...bare, ...call, name: `${name}, no sandbox` },
      { ...confined, ...call, name: `${name}, sandbox` },
    ];
    for (const clients of options.smoke ? [4] : [1, 16]) tables.push(await compare(scenarios, clients, length));
  }
  if (options.json) console.log(JSON.stringify(tables.flat(), null, 2));
  else for (const rows of tables) console.log(table(rows));
}
