import { checkPlan } from '../plan/plan.js';
import { summarise } from '../report/summary.js';
import { startTargetServer } from '../testing/target-server.js';
import { inject } from '../threads/injector.js';

test('an open phase goes on with the connections of the one before it', async () => {
  const ports = new Set<number | undefined>();
  const target = await startTargetServer((response) => {
    ports.add(response.socket?.remotePort);
    response.end('ok');
  });
  try {
    const phase = { loop: 'open', ratePerSecond: 50, arrivals: 'constant', seconds: 0.2 } as const;
    const targets = [{ function: '/', protocol: 'http' as const }];
    const plan = checkPlan({ url: target.url, targets, phases: [phase, phase, phase], threads: 1, connectionsMax: 1 });
    const { phases } = summarise(plan, await inject(plan, () => {}));
    expect(phases.map(({ calls, failed }) => [calls, failed])).toEqual([10, 10, 10].map((calls) => [calls, 0]));
    expect(ports.size).toBe(1);
  } finally {
    await target.close();
  }
});
