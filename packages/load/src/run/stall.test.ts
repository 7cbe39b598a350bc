import { checkPlan, type PlanInput } from '../plan/plan.js';
import { type PhaseSummary, summarise } from '../report/summary.js';
import { startTargetServer, type TargetServer } from '../testing/target-server.js';
import { inject } from '../threads/injector.js';

const stallMs = 1000;

/** Answers at once, but for one pause of a second in which it answers nobody. */
async function pausingServer(pauseAtCount: number): Promise<TargetServer> {
  let pausedUntilMs = 0;
  return startTargetServer((response, _body, count) => {
    if (count === pauseAtCount) pausedUntilMs = performance.now() + stallMs;
    const leftMs = pausedUntilMs - performance.now();
    if (leftMs > 0) setTimeout(() => response.end('late'), leftMs);
    else response.end('ok');
  });
}

async function run(phase: PlanInput['phases'][number], url: string): Promise<PhaseSummary | undefined> {
  const plan = checkPlan({
    url,
    targets: [{ function: '/', protocol: 'http' }],
    phases: [phase],
    threads: 1,
    connectionsMax: 1,
  });
  return summarise(plan, await inject(plan, () => {})).phases[0];
}

test('an open loop shows the stall of a second that a closed loop hides', async () => {
  const closedTarget = await pausingServer(200);
  const openTarget = await pausingServer(100);
  try {
    const closed = await run({ loop: 'closed', clients: 1, requests: 2000 }, closedTarget.url);
    const open = await run({ loop: 'open', ratePerSecond: 100, arrivals: 'constant', seconds: 4 }, openTarget.url);
    // The one client waits once; two thousand calls later nobody would know.
    expect(closed?.latency.maxMs).toBeGreaterThan(stallMs * 0.9);
    expect(closed?.latency.percentilesMs[2]).toBeLessThan((closed?.latency.maxMs ?? 0) / 2);
    // A quarter of the calls was meant to begin during the pause.
    expect(open?.latency.percentilesMs[1]).toBeGreaterThan(stallMs / 4);
    // What was measured from sending hides it here as well.
    expect(open?.service.percentilesMs[1]).toBeLessThan((open?.latency.percentilesMs[1] ?? 0) / 2);
    expect(open?.calls).toBe(400);
  } finally {
    await closedTarget.close();
    await openTarget.close();
  }
});
