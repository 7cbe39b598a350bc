import { FleetSimulation } from './testing/fleet-simulation.js';

const seeds = Array.from({ length: 40 }, (_, index) => index + 1);

test.each(seeds)(
  'whatever happens in whatever order, every job gets its one answer in time (seed %i)',
  async (seed) => {
    const simulation = await FleetSimulation.start(seed);
    await simulation.run(400);
    await simulation.finish();
    expect(simulation.violations).toEqual([]);
    expect(simulation.answeredCount).toBe(simulation.askedCount);
    expect(await simulation.status()).toMatchObject({ jobsQueued: 0, jobsRunning: 0 });
  },
);

test('the schedules reach what they are meant to reach', async () => {
  const reached = new Set<string>();
  for (const seed of seeds.slice(0, 15)) {
    const simulation = await FleetSimulation.start(seed);
    await simulation.run(400);
    await simulation.finish();
    for (const outcome of simulation.outcomes) reached.add(outcome);
  }
  const expected = ['answered', 'cancelled', 'timeout', 'worker_lost', 'no_worker', 'queue_full'];
  expect(expected.filter((outcome) => !reached.has(outcome))).toEqual([]);
});
