// node tools/bench/wrk-agreement.mjs: closed-loop throughput of the same target by the load injector and by wrk (Debian
// package wrk), rounds in turns: of the bare echo, which is about as quick as a client in JavaScript can be, and of one
// that works for 200 us on each request. Prints the median ratio of a round; it should differ by less than a tenth.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkPlan, inject, summarise } from '@relais/load';
import { median } from './median.mjs';
import { pairedRatio } from './paired-ratio.mjs';
import { startEcho } from './target.mjs';

const rounds = 9;
const seconds = 5;
// Of the injector, each of whose rounds begins with a new thread, whose code Node has to compile first. They do not count.
const warmSeconds = 1;
const clients = 16;
const scratch = mkdtempSync(join(tmpdir(), 'relais-wrk-'));
// wrk reads its script twice, so standard input will not do: it would then send GET.
const script = join(scratch, 'post.lua');
writeFileSync(script, 'wrk.method = "POST"; wrk.body = "x"');
process.once('exit', () => rmSync(scratch, { recursive: true }));

for (const workUs of [0, 200]) {
  const echo = await startEcho(workUs);
  try {
    await compare(echo, workUs);
  } finally {
    await echo.stop();
  }
}

async function compare({ url }, workUs) {
  const samples = { injector: [], wrk: [] };
  const busy = [];
  const withWrk = () => samples.wrk.push(byWrk(url));
  const withInjector = async () => {
    const { loopBusy, requestsPerSecond } = await byInjector(url);
    samples.injector.push(requestsPerSecond);
    busy.push(loopBusy);
  };
  const order = [withWrk, withInjector];
  for (let round = 0; round < rounds; round++) {
    for (const turn of order) await turn();
    order.reverse();
  }
  const [injector, wrk] = [median(samples.injector), median(samples.wrk)];
  const rates = `injector ${injector.toFixed(0)} calls/s (busy ${median(busy).toFixed(2)}), wrk ${wrk.toFixed(0)} calls/s`;
  const { ratio, ratioHigh, ratioLow } = pairedRatio(samples.injector, samples.wrk);
  const within = `${ratioLow.toFixed(3)} to ${ratioHigh.toFixed(3)}`;
  console.log(`work ${workUs} us: ${rates}, ratio ${ratio.toFixed(3)} (95 % within ${within})`);
}

async function byInjector(url) {
  const plan = checkPlan({
    url,
    targets: [{ function: '/', protocol: 'http', payload: 'x' }],
    phases: [warmSeconds, seconds].map((each) => ({ loop: 'closed', clients, seconds: each })),
    threads: 1,
    traceRatio: 0,
  });
  const runs = await inject(plan, () => {});
  const [{ loopBusy }] = runs[1].threads;
  return { loopBusy, requestsPerSecond: summarise(plan, runs).phases[1].requestsPerSecond };
}

/** One thread, as many connections, a POST with the same body. */
function byWrk(url) {
  const args = ['-t1', `-c${clients}`, `-d${seconds}s`, '-s', script, url];
  const { error, status, stdout } = spawnSync('wrk', args, { encoding: 'utf8' });
  if (error || status !== 0) throw new Error('wrk is needed: apt-get install wrk');
  return Number(/Requests\/sec:\s+([\d.]+)/.exec(stdout)?.[1]);
}
