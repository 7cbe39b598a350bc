import fc from 'fast-check';
import { strategyNames } from './strategies/catalog.js';
import { type Action, actionWeights, FleetSimulation, type Step } from './testing/fleet-simulation.js';

/** Throws of dice an action needs at most. */
const diceCount = 6;

const step = fc.record<Step>({
  action: fc.oneof(
    ...Object.entries(actionWeights).map(([action, weight]) => ({
      arbitrary: fc.constant(action as Action),
      weight: Math.round(weight * 10),
    })),
  ),
  dice: fc.array(
    fc.nat(2 ** 24 - 1).map((whole) => whole / 2 ** 24),
    { minLength: diceCount, maxLength: diceCount },
  ),
});
const schedule = fc.array(step, { maxLength: 200, size: 'max' });

/** To find the few steps of a failure that matter. */
const shorteningMs = 60_000;

const reached = new Set<string>();

/**
 * No job is lost, none answered twice or late, none begun more often than it may be, no credit negative or exceeded, and no
 * bound: whatever happens in whatever order.
 */
async function holdsEveryPromise(strategy: string, steps: readonly Step[]): Promise<void> {
  const simulation = await FleetSimulation.start(1, strategy);
  await simulation.follow(steps);
  await simulation.finish();
  for (const outcome of simulation.outcomes) reached.add(outcome);
  expect(simulation.violations).toEqual([]);
  expect(simulation.answeredCount).toBe(simulation.askedCount);
  expect(await simulation.status()).toMatchObject({ jobsQueued: 0, jobsRunning: 0 });
}

test.each(strategyNames)(
  '%s: every job gets its one answer in time, for any schedule',
  async (strategy) => {
    await fc.assert(
      fc.asyncProperty(schedule, (steps) => holdsEveryPromise(strategy, steps)),
      { numRuns: 12, interruptAfterTimeLimit: shorteningMs },
    );
  },
  2 * shorteningMs,
);

const seeds = Array.from({ length: 20 }, (_, index) => index + 1);

test.each(seeds)(
  'the same over a longer time (seed %i)',
  async (seed) => {
    const simulation = await FleetSimulation.start(seed);
    await simulation.run(400);
    await simulation.finish();
    for (const outcome of simulation.outcomes) reached.add(outcome);
    expect(simulation.violations).toEqual([]);
    expect(simulation.answeredCount).toBe(simulation.askedCount);
    expect(await simulation.status()).toMatchObject({ jobsQueued: 0, jobsRunning: 0 });
  },
  60_000,
);

test('the schedules reach what they are meant to reach', () => {
  const expected = ['answered', 'cancelled', 'timeout', 'worker_lost', 'no_worker', 'queue_full'];
  expect(expected.filter((outcome) => !reached.has(outcome))).toEqual([]);
});
