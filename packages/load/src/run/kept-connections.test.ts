import { checkPlan, type PlanInput } from '../plan/plan.js';
import { summarise } from '../report/summary.js';
import { startTargetServer } from '../testing/target-server.js';
import { Injector } from '../threads/injector.js';

type PhaseInput = PlanInput['phases'][number];

const open: PhaseInput = { loop: 'open', ratePerSecond: 50, arrivals: 'constant', seconds: 0.2 };
const closed: PhaseInput = { loop: 'closed', clients: 2, requests: 10 };

/** The ports that a server saw calls come from, and the calls that went well. */
async function seenOf(phases: PhaseInput[], order: readonly number[] = [...phases.keys()]) {
  const ports = new Set<number | undefined>();
  const target = await startTargetServer((response) => {
    ports.add(response.socket?.remotePort);
    response.end('ok');
  });
  const targets = [{ function: '/', protocol: 'http' as const }];
  const plan = checkPlan({ url: target.url, targets, phases, threads: 1, connectionsMax: 1 });
  const injector = await Injector.start(plan);
  try {
    const runs = [];
    for (const index of order) runs.push(await injector.run(index));
    return { ports: ports.size, well: summarise(plan, runs).phases.map(({ calls, failed }) => calls - failed) };
  } finally {
    await injector.stop();
    await target.close();
  }
}

test('an open phase goes on with the connections of the one before it', async () => {
  expect(await seenOf([open, open, open])).toEqual({ ports: 1, well: [10, 10, 10] });
});

test('a closed phase goes on with the connections of the one before it, and opens what it lacks', async () => {
  expect(await seenOf([closed, { ...closed, clients: 3 }, closed])).toEqual({ ports: 3, well: [10, 10, 10] });
});

test('a closed phase closes connections that it has no clients for', async () => {
  expect(
    await seenOf([
      { ...closed, clients: 3 },
      { ...closed, clients: 1 },
      { ...closed, clients: 3 },
    ]),
  ).toEqual({
    ports: 5,
    well: [10, 10, 10],
  });
});

test('an injector runs a phase as often as is wanted', async () => {
  expect(await seenOf([closed], [0, 0, 0])).toEqual({ ports: 2, well: [10, 10, 10] });
});

test('a connection that was idle for more than a second is not used again', async () => {
  // The open phase has one connection, so one of the two waits.
  expect(await seenOf([closed, { ...open, seconds: 1.2 }, closed])).toEqual({ ports: 3, well: [10, 60, 10] });
});

test('it tells that a plan has no such phase', async () => {
  await expect(seenOf([closed], [1])).rejects.toThrow('the plan has no phase 1');
});
