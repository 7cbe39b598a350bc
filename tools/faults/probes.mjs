import { withRelais } from '../bench/relais.mjs';
import { besides } from './beside.mjs';
import { atMost, stolen, told } from './row.mjs';

/** Each takes more than it may have of one thing, as long as it is let. */
const probes = {
  'endless-loop': ['c', 'int main(void) { volatile int n = 0; for (;;) n++; }'],
  'endless-recursion': ['c', 'int f(int n) { return n ? f(n + 1) + n : 0; }\nint main(void) { return f(1); }'],
  'wasm-memory': [
    'c',
    '#include <stdlib.h>\n#include <string.h>\nint main(void) { for (;;) memset(malloc(1 << 20), 1, 1 << 20); }',
  ],
  'wasm-output': [
    'c',
    '#include <stdio.h>\nint main(void) { for (;;) puts("0123456789012345678901234567890123456789"); }',
  ],
  'js-loop': ['js', 'export default () => { for (;;); }'],
  'js-memory': ['js', 'export default () => { const all = []; for (;;) all.push(new Uint8Array(1 << 20).fill(1)); }'],
  'js-logs': ['js', 'export default () => { for (let n = 0; n < 1e6; n++) console.log("line", n); }'],
  'js-disk': [
    'js',
    `import { appendFileSync } from 'node:fs';
export default () => { for (;;) appendFileSync('/tmp/full', Buffer.alloc(1 << 20)); }`,
  ],
  'js-exit': ['js', 'export default () => process.exit(3)'],
  'python-forks': ['python', 'import os\ndef handler(event, context):\n    while True:\n        os.fork()\n'],
  'python-files': [
    'python',
    'def handler(event, context):\n    kept = []\n    while True:\n        kept.append(open("/dev/null"))\n',
  ],
  'python-daemon': [
    'python',
    `import subprocess
def handler(event, context):
    subprocess.Popen(['sh', '-c', 'while :; do :; done'], start_new_session=True)
    return 'left'
`,
  ],
  'php-recursion': ['php', '<?php function f($n) { return f($n + 1); } function handler($event) { return f(1); }'],
  'php-memory': ['php', '<?php function handler($event) { $all = ""; while (true) $all .= str_repeat("x", 1 << 20); }'],
};

/** Every hostile function at once, again and again, and neighbours that behave: what do they notice? */
export function probesAtOnce({ smoke }) {
  return withRelais([], async ({ deploy, url }) => {
    await deploy('add', 'js', 'add.js');
    await deploy('hello', 'c', 'hello.c');
    for (const [name, [lang, source]] of Object.entries(probes)) {
      const query = `name=${name}&lang=${lang}&timeoutMs=1000&concurrency=1`;
      const response = await fetch(`${url}/deploy?${query}`, { method: 'POST', body: source });
      if (!response.ok) throw new Error(`${name}: ${await response.text()}`);
    }
    const neighbours = ['hello', 'add'].map((name) => ({ function: name, payload: '{"a":2,"b":3}' }));
    const outcomes = {};
    const attack = (seconds) => attackFor(url, seconds * 1000, outcomes);
    const { aloneMs, beside, besideMs, stolenPercent } = await besides(url, neighbours, attack, { smoke });
    const failed = beside.reduce((all, phase) => all + phase.failed, 0);
    return [
      told(`hostile calls: ${JSON.stringify(outcomes)}`, sum(outcomes), ''),
      stolen(stolenPercent),
      told('neighbours alone: p99', aloneMs, 'ms'),
      atMost(3, 'neighbours beside them: p99 over that', besideMs / aloneMs, 'x'),
      told(
        'neighbours beside them: calls',
        beside.reduce((all, { calls }) => all + calls, 0),
        '',
      ),
      atMost(0, `neighbours beside them: failed ${failed ? JSON.stringify(beside.map(failuresIn)) : ''}`, failed, ''),
    ];
  });
}

/** One client calls each without a pause; `outcomes` counts what the calls came to. */
async function attackFor(url, durationMs, outcomes) {
  const endMs = performance.now() + durationMs;
  const client = async (name) => {
    while (performance.now() < endMs) {
      const answer = await fetch(`${url}/invoke?fn=${name}`, { method: 'POST', body: '' });
      const { error } = await answer.json();
      const outcome = error?.reason ?? 'ok';
      outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
    }
  };
  await Promise.all(Object.keys(probes).map(client));
}

/** How calls failed, by function. */
function failuresIn({ targets }) {
  return Object.fromEntries(targets.map(({ function: name, failures }) => [name, failures]));
}

function sum(counts) {
  return Object.values(counts).reduce((all, count) => all + count, 0);
}
