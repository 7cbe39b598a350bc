// Types the commands of pages as a reader would, and says how it went.
//
//   node typist.mjs COPY PAGE...     in a network namespace of its own, where every port is free; COPY is a fresh copy
//
// One line of JSON per step: { page, line, ok, output }. Ends with exit code 0 when all went well, ends every process it started.
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { holds, typedSteps } from './typed-steps.mjs';

const [, , copy, ...pages] = process.argv;
/** Longest time for a command, and for a platform to be ready. */
const stepMs = 120_000;
/** Longest time for a program to heed Ctrl-C. */
const endMs = 40_000;

/** @type {Set<Terminal>} */
const open = new Set();

/** A program with its own process group, as a terminal gives one. */
class Terminal {
  output = '';
  code = undefined;

  constructor(text) {
    this.child = spawn('bash', ['-e', '-o', 'pipefail', '-c', text], { cwd: copy, detached: true });
    this.ended = new Promise((resolve) => {
      this.child.once('close', (code, signal) => {
        this.code = code ?? signal;
        open.delete(this);
        resolve();
      });
    });
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream.setEncoding('utf8');
      stream.on('data', (chunk) => {
        this.output += chunk;
      });
    }
    this.child.stdin.end();
    open.add(this);
  }

  signal(name) {
    try {
      process.kill(-this.child.pid, name);
    } catch {
      // It has gone by itself.
    }
  }

  /** Ctrl-C; harder when that is not heard. */
  async interrupt() {
    this.signal('SIGINT');
    await within(this.ended, endMs);
    this.signal('SIGKILL');
    await this.ended;
  }
}

async function within(promise, ms) {
  let timer;
  const late = new Promise((resolve) => {
    timer = setTimeout(resolve, ms, 'late');
  });
  const outcome = await Promise.race([promise, late]);
  clearTimeout(timer);
  return outcome !== 'late';
}

async function until(condition, ms) {
  const endsAt = Date.now() + ms;
  while (!condition()) {
    if (Date.now() > endsAt) return false;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return true;
}

/** Types one step; what went wrong, or undefined. */
async function type(step, shown) {
  if (step.startsPlatform) await endAll();
  const before = [...open].map((terminal) => ({ terminal, from: terminal.output.length }));
  const own = [];
  shown.text = () => [...own, ...before].map(({ terminal, from = 0 }) => terminal.output.slice(from)).join('\n');
  for (const part of step.typed) {
    const terminal = new Terminal(part.kind === 'listed' ? listing(part.text) : part.text);
    own.push({ terminal });
    const wrong = part.kind === 'terminal' ? undefined : await endOf(terminal, part.text);
    if (wrong) return wrong;
  }
  return (await whatIsNotReady(step, own)) ?? (await whatIsNotShown(step, shown));
}

async function endOf(terminal, text) {
  if (!(await within(terminal.ended, stepMs))) return `did not end within ${stepMs / 1000} s: ${text}`;
  if (terminal.code !== 0) return `ended with ${terminal.code}: ${text}`;
  return terminal.output.includes('"ok":false') ? `was refused: ${text}` : undefined;
}

async function whatIsNotReady({ typed }, own) {
  for (const [index, { ready, text }] of typed.entries()) {
    if (ready === undefined) continue;
    const { terminal } = own[index];
    await until(() => terminal.output.includes(ready) || terminal.code !== undefined, stepMs);
    if (terminal.code !== undefined) return `ended with ${terminal.code}: ${text}`;
    if (!terminal.output.includes(ready)) return `did not become ready: ${text}`;
  }
  return undefined;
}

async function whatIsNotShown({ expected }, shown) {
  for (const text of expected) {
    if (!(await until(() => holds(shown.text(), text), stepMs / 4))) return `nothing showed: ${text}`;
  }
  return undefined;
}

/** That a script of package.json exists and can be read; of the tests, that they are found. */
function listing(line) {
  const [, name] = /^npm (?:run )?(\S+)/.exec(line) ?? [];
  if (name === 'test') return 'npm test --silent -- --listTests | grep -q test';
  return `node -e 'const line = require("./package.json").scripts["${name}"]; if (!line) process.exit(1); require("fs").accessSync(line.split(" ")[1])'`;
}

async function endAll() {
  await Promise.all([...open].map((terminal) => terminal.interrupt()));
}

async function main() {
  for (const page of pages) {
    for (const step of typedSteps(readFileSync(join(copy, page), 'utf8'))) {
      const shown = { text: () => '' };
      const wrong = await type(step, shown);
      const output = shown.text().slice(-4000);
      process.stdout.write(`${JSON.stringify({ page, line: step.line, ok: wrong === undefined, wrong, output })}\n`);
      if (wrong !== undefined) return 1;
    }
    await endAll();
  }
  return 0;
}

for (const name of ['SIGTERM', 'SIGINT']) {
  process.once(name, () => {
    for (const terminal of open) terminal.signal('SIGKILL');
    process.exit(1);
  });
}
const code = await main();
await endAll();
process.exit(code);
