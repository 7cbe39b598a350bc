import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { SteadyLoad } from '@relais/cli/system';
import { seededRandom } from '@relais/load';
import { withRelais } from '../bench/relais.mjs';
import { atMost, told } from './row.mjs';

const callsPerSecond = 40;
const timeoutMs = 5000;
/** What the measuring itself may be late. */
const toleranceMs = 250;
const blowEveryMs = 1000;
/** What a call that had begun on a worker that was struck may be told. */
const expected = ['worker_lost', 'timeout', 'peer_slow'];

/** Each counts in a file that it was begun, before it does anything else. */
const sources = {
  js: `import { appendFileSync } from 'node:fs';
export default async (id) => {
  appendFileSync(process.env.COUNTS, id + '\\n');
  await new Promise((resolve) => setTimeout(resolve, 5));
  return id;
};`,
  python: `import os, time
def handler(id, context):
    with open(os.environ['COUNTS'], 'a') as file:
        file.write(id + '\\n')
    time.sleep(0.005)
    return id
`,
};

/**
 * For two minutes a worker chosen by chance is killed or stopped every second, under load. Without a sandbox, for the
 * functions must be able to write down that they ran.
 */
export async function kills({ smoke }) {
  const directory = mkdtempSync(join(tmpdir(), 'relais-kills-'));
  const counts = join(directory, 'counts');
  try {
    const flags = ['--sandbox', 'none', '--workers', '4'];
    return await withRelais(flags, async ({ url }) => {
      for (const [lang, source] of Object.entries(sources)) {
        const query = `name=count-${lang}&lang=${lang}&timeoutMs=${timeoutMs}&env.COUNTS=${encodeURIComponent(counts)}`;
        const response = await fetch(`${url}/deploy?${query}`, { method: 'POST', body: source });
        if (!response.ok) throw new Error(await response.text());
      }
      const call = (index) => ({ path: `/invoke?fn=count-${index % 3 ? 'js' : 'python'}`, body: `id-${index}` });
      const load = new SteadyLoad({ url, call, callsPerSecond });
      const blows = await strike(url, smoke ? 20_000 : 120_000);
      await load.stop();
      return rowsOf(load.answers, readFileSync(counts, 'utf8'), blows);
    });
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** Resolves with how many workers were struck, and how many of them were only stopped. */
async function strike(url, durationMs) {
  const random = seededRandom(1);
  const endMs = performance.now() + durationMs;
  const blows = { all: 0, stopped: 0 };
  while (performance.now() < endMs) {
    await pause(blowEveryMs);
    const workers = await workersOf(url);
    const chosen = workers[Math.floor(random() * workers.length)];
    if (!chosen) continue;
    const signal = random() < 0.5 ? 'SIGKILL' : 'SIGSTOP';
    try {
      process.kill(chosen.pid, signal);
    } catch {
      // It has gone since.
      continue;
    }
    blows.all++;
    if (signal === 'SIGSTOP') blows.stopped++;
  }
  return blows;
}

function rowsOf(answers, counted, blows) {
  const begun = new Map();
  for (const id of counted.split('\n')) if (id) begun.set(id, (begun.get(id) ?? 0) + 1);
  const good = answers.filter(({ status }) => status === 200);
  const failed = answers.filter(({ status }) => status !== 200);
  const isUnseen = ({ index }) => !begun.has(`id-${index}`);
  const refused = failed.filter(({ status }) => status === 429);
  const other = failed
    .filter(({ status }) => status !== 429)
    .map(reasonOf)
    .filter((reason) => !expected.includes(reason));
  const strayed = failed.filter((answer) => answer.status !== 429 && isUnseen(answer));
  const late = answers.filter(({ tookMs }) => tookMs > timeoutMs + toleranceMs).length;
  const twice = [...begun.values()].filter((times) => times > 1).length;
  return [
    told('workers killed', blows.all - blows.stopped, ''),
    told('workers stopped', blows.stopped, ''),
    told('calls', answers.length, ''),
    told('answered well', (100 * good.length) / answers.length, '%'),
    told('refused with 429', refused.length, ''),
    told('begun on a worker that was lost or stopped, and told so', failed.length - refused.length - other.length, ''),
    told(`of those, calls that never reached the function ${reasonsOf(strayed)}`, strayed.length, ''),
    atMost(0, 'lost before they were begun', failed.filter(isLostUnbegun).length, ''),
    atMost(0, `failed otherwise ${[...new Set(other)].join(' ')}`, other.length, ''),
    atMost(0, 'answered after their deadline', late, ''),
    atMost(0, 'run twice', twice, ''),
    atMost(0, 'answered well though the function never saw them', good.filter(isUnseen).length, ''),
  ];
}

/** How often each reason was given. */
function reasonsOf(answers) {
  const counts = {};
  for (const answer of answers) counts[reasonOf(answer)] = (counts[reasonOf(answer)] ?? 0) + 1;
  return answers.length > 0 ? JSON.stringify(counts) : '';
}

/** It was never begun, and was not refused at once either. */
function isLostUnbegun({ status, text }) {
  return status !== 429 && /"notStarted":true/.test(text);
}

function reasonOf({ status, text }) {
  return /"reason":"(\w+)"/.exec(text)?.[1] ?? `status ${status} ${text.slice(0, 80)}`;
}

async function workersOf(url) {
  const init = { method: 'POST', body: '{}', headers: { 'content-type': 'application/json' } };
  const response = await fetch(`${url}/relais.v1.ClusterService/ListWorkers`, init);
  return (await response.json()).workers ?? [];
}
