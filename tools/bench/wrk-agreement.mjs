// node tools/bench/wrk-agreement.mjs: closed-loop throughput of the same target by the load injector and by wrk (Debian
// package wrk), rounds interleaved. Prints the ratio of the medians; they should differ by less than a tenth.
import { spawnSync } from 'node:child_process';
import { checkPlan, inject, summarise } from '@relais/load';
import { startEcho } from './target.mjs';

const rounds = 5;
const seconds = 3;
const clients = 16;

const echo = await startEcho();
try {
  const samples = { injector: [], wrk: [] };
  for (let round = 0; round < rounds; round++) {
    samples.wrk.push(byWrk());
    samples.injector.push(await byInjector());
  }
  const [injector, wrk] = [median(samples.injector), median(samples.wrk)];
  console.log(
    `injector ${injector.toFixed(0)} calls/s, wrk ${wrk.toFixed(0)} calls/s, ratio ${(injector / wrk).toFixed(3)}`,
  );
} finally {
  await echo.stop();
}

async function byInjector() {
  const plan = checkPlan({
    url: echo.url,
    targets: [{ function: '/', protocol: 'http', payload: 'x' }],
    phases: [{ loop: 'closed', clients, seconds }],
    threads: 1,
    traceRatio: 0,
  });
  return summarise(plan, await inject(plan, () => {})).phases[0].requestsPerSecond;
}

/** One thread, as many connections, a POST with the same body by a script on standard input's file. */
function byWrk() {
  const script = `wrk.method = "POST"; wrk.body = "x"`;
  const args = ['-t1', `-c${clients}`, `-d${seconds}s`, '-s', '/dev/stdin', echo.url];
  const { error, status, stdout } = spawnSync('wrk', args, { input: script, encoding: 'utf8' });
  if (error || status !== 0) throw new Error('wrk is needed: apt-get install wrk');
  return Number(/Requests\/sec:\s+([\d.]+)/.exec(stdout)?.[1]);
}

function median(values) {
  return values.sort((one, other) => one - other)[Math.floor(values.length / 2)];
}
