// node tools/bench/wrk-agreement.mjs: closed-loop throughput of the same target by the load injector and by wrk (Debian
// package wrk), rounds in turns: of the bare echo, which is about as quick as a client in JavaScript can be, and of one
// that works for 200 us on each request. Prints the median ratio of a round; it should differ by less than a tenth.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { withSources } from './load-source.mjs';
import { median } from './median.mjs';
import { pairedRatio } from './paired-ratio.mjs';
import { startEcho } from './target.mjs';

const rounds = 9;
const seconds = 5;
const clients = 16;
const scratch = mkdtempSync(join(tmpdir(), 'relais-wrk-'));
// wrk reads its script twice, so standard input will not do: it would then send GET.
const script = join(scratch, 'post.lua');
writeFileSync(script, 'wrk.method = "POST"; wrk.body = "x"');
process.once('exit', () => rmSync(scratch, { recursive: true }));

for (const workUs of [0, 200]) {
  const echo = await startEcho(workUs);
  try {
    const target = { ...echo, path: '/', payload: 'x' };
    await withSources(
      [target],
      () => ({ loop: 'closed', clients }),
      seconds * 1000,
      ([injector]) => compare(target.url, workUs, injector),
    );
  } finally {
    await echo.stop();
  }
}

async function compare(url, workUs, injector) {
  const samples = { injector: [], wrk: [] };
  const busy = [];
  const withWrk = () => samples.wrk.push(byWrk(url));
  const withInjector = async () => {
    const { injectorBusy, requestsPerSecond } = await injector.round();
    samples.injector.push(requestsPerSecond);
    busy.push(injectorBusy);
  };
  const order = [withWrk, withInjector];
  for (let round = 0; round < rounds; round++) {
    for (const turn of order) await turn();
    order.reverse();
  }
  const [ours, wrks] = [median(samples.injector), median(samples.wrk)];
  const rates = `injector ${ours.toFixed(0)} calls/s (busy ${median(busy).toFixed(2)}), wrk ${wrks.toFixed(0)} calls/s`;
  const { ratio, ratioHigh, ratioLow } = pairedRatio(samples.injector, samples.wrk);
  const within = `${ratioLow.toFixed(3)} to ${ratioHigh.toFixed(3)}`;
  console.log(`work ${workUs} us: ${rates}, ratio ${ratio.toFixed(3)} (95 % within ${within})`);
}

/** One thread, as many connections, a POST with the same body. */
function byWrk(url) {
  const args = ['-t1', `-c${clients}`, `-d${seconds}s`, '-s', script, url];
  const { error, status, stdout } = spawnSync('wrk', args, { encoding: 'utf8' });
  if (error || status !== 0) throw new Error('wrk is needed: apt-get install wrk');
  return Number(/Requests\/sec:\s+([\d.]+)/.exec(stdout)?.[1]);
}
