import { checkPlan } from '../plan/plan.js';
import { summarise } from '../report/summary.js';
import { startTargetServer } from '../testing/target-server.js';
import { inject } from '../threads/injector.js';

/** What is called in an open phase, in order, when every answer takes that long. */
async function callsWhenAnsweredIn(answerMs: number): Promise<string[]> {
  const target = await startTargetServer((response) => {
    setTimeout(() => response.end('ok'), answerMs);
  });
  try {
    const targets = ['/one', '/other'].map((path) => ({ function: path, protocol: 'http' as const }));
    const closed = { loop: 'closed', clients: 1, seconds: 0.1 } as const;
    const open = { loop: 'open', ratePerSecond: 100, seconds: 0.5 } as const;
    const shape = { phases: [closed, open], threads: 1, connectionsMax: 1, traceRatio: 0.5, seed: 3 };
    const plan = checkPlan({ url: target.url, targets, ...shape });
    const [, last] = summarise(plan, await inject(plan, () => {})).phases;
    return target.seen.slice(-(last?.calls ?? 0)).map(({ path }) => path);
  } finally {
    await target.close();
  }
}

test('the same seed gives the same arrivals and the same mix however late calls are sent', async () => {
  const atOnce = await callsWhenAnsweredIn(0);
  expect(atOnce.length).toBeGreaterThan(30);
  expect(await callsWhenAnsweredIn(20)).toEqual(atOnce);
});
