// How long from a save to the new answer with `relais dev`, per language.
//
//   node tools/bench/dev-loop.mjs [--saves 20]
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';

const main = join(import.meta.dirname, '../../packages/cli/dist/main.js');
const { values } = parseArgs({ options: { saves: { type: 'string', default: '20' } } });
const saves = Number(values.saves);
const answerMsMax = 30_000;

/** File and source of each language; the text says which save it answers for. */
const subjects = {
  js: ['dev.mjs', (text) => `export const handler = () => '${text}';\n`],
  python: ['dev.py', (text) => `def handler(event, context):\n    return '${text}'\n`],
  php: ['dev.php', (text) => `<?php\nfunction handler($event, $context) { return '${text}'; }\n`],
  c: ['dev.c', (text) => `#include <stdio.h>\nint main(void) { printf("${text}"); return 0; }\n`],
};

const folder = mkdtempSync(join(tmpdir(), 'relais-dev-loop-'));
const platform = start(['up', '--port', '0', '--data', join(folder, 'data')]);
try {
  const url = await until(platform, (line) => /^relais ready (http:\S+)/.exec(line)?.[1]);
  console.log('language  saves  p50 ms  p95 ms  max ms');
  for (const [lang, [name, source]] of Object.entries(subjects)) {
    const ms = (await measured(url, join(folder, name), source)).sort((a, b) => a - b);
    const at = (share) => ms[Math.min(ms.length - 1, Math.ceil(ms.length * share) - 1)].toFixed(0).padStart(6);
    console.log(`${lang.padEnd(8)}  ${String(saves).padStart(5)}  ${at(0.5)}  ${at(0.95)}  ${at(1)}`);
  }
} finally {
  platform.child.kill('SIGTERM');
  await platform.ended;
  rmSync(folder, { recursive: true, force: true });
}

async function measured(url, file, source) {
  writeFileSync(file, source('save 0'));
  const dev = start(['dev', file, '--json', '--url', url]);
  const answers = (text) => until(dev, (line) => (JSON.parse(line).output === text ? line : undefined));
  try {
    await answers('save 0');
    const ms = [];
    for (let save = 1; save <= saves; save++) {
      const beganMs = performance.now();
      writeFileSync(file, source(`save ${save}`));
      await answers(`save ${save}`);
      ms.push(performance.now() - beganMs);
    }
    return ms;
  } finally {
    dev.child.kill('SIGINT');
    await dev.ended;
  }
}

/** A `relais` command with an iterator over what it says. */
function start(args) {
  const child = spawn(process.execPath, [main, ...args], { cwd: folder, stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  return { child, ended, lines: createInterface({ input: child.stdout })[Symbol.asyncIterator]() };
}

/** Reads lines until one is what is looked for; throws, with the last one, when none is within the longest wait. */
async function until({ lines }, find) {
  let last = 'nothing';
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(
      () => reject(new Error(`no answer within ${answerMsMax} ms; it said last: ${last}`)),
      answerMsMax,
    );
  });
  try {
    for (;;) {
      const { done, value } = await Promise.race([lines.next(), late]);
      if (done) throw new Error(`the command has ended; it said last: ${last}`);
      last = value;
      const found = find(value);
      if (found !== undefined) return found;
    }
  } finally {
    clearTimeout(timer);
  }
}
