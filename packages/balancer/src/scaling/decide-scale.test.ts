import { decideScale, type ScalePolicy, type ScaleSnapshot } from './decide-scale.js';

const policy: ScalePolicy = {
  min: 0,
  max: 100,
  target: 10,
  stableMs: 60_000,
  panicMs: 1000,
  panicFactor: 2,
  upFactorMax: 10,
  downFactorMax: 2,
  idleMs: 300_000,
};
const quiet: ScaleSnapshot = { instances: 4, stableDemand: 40, panicDemand: 40, idleForMs: 0, panicUntilMs: 0 };
const decide = (snapshot: Partial<ScaleSnapshot>, changed: Partial<ScalePolicy> = {}, nowMs = 1000) =>
  decideScale({ ...quiet, ...snapshot }, { ...policy, ...changed }, nowMs);

test.each([
  ['what fits stays', {}, {}, 4],
  ['a part of an instance is a whole one', { stableDemand: 41 }, {}, 5],
  ['the stable window decides below a panic', { panicDemand: 79 }, {}, 4],
  ['a burst counts at once', { panicDemand: 200 }, {}, 20],
  [
    'from nothing, no more than the burst needs',
    { instances: 0, stableDemand: 3, panicDemand: 200 },
    { target: 25 },
    8,
  ],
  ['no faster up than allowed', { instances: 1, panicDemand: 900 }, {}, 10],
  ['no faster down than allowed', { instances: 40, stableDemand: 10, panicDemand: 10 }, {}, 20],
  ['never above the maximum', { panicDemand: 900 }, { max: 7 }, 7],
  ['never below the minimum', { stableDemand: 0, panicDemand: 0, idleForMs: 900_000 }, { min: 2 }, 2],
  ['the last one stays for a while', { instances: 1, stableDemand: 0, panicDemand: 0, idleForMs: 299_999 }, {}, 1],
  ['and then goes', { instances: 1, stableDemand: 0, panicDemand: 0, idleForMs: 300_000 }, {}, 0],
  ['none is started for nobody', { instances: 0, stableDemand: 0, panicDemand: 0 }, {}, 0],
])('%s', (_what, snapshot, changed, expected) => {
  expect(decide(snapshot, changed).instances).toBe(expected);
});

test('a panic takes nothing away until a stable window has passed without one', () => {
  const begun = decide({ panicDemand: 200 });
  expect(begun).toMatchObject({ instances: 20, panicUntilMs: 61_000 });
  const { panicUntilMs } = begun;
  const calm = { instances: 20, stableDemand: 0, panicDemand: 0, panicUntilMs };
  expect(decide(calm, {}, 60_999)).toMatchObject({ instances: 20, panicUntilMs });
  expect(decide(calm, {}, 61_000)).toMatchObject({ instances: 10, panicUntilMs: 0 });
});

test('the reason names what it was decided on', () => {
  expect(decide({ panicDemand: 200 }, { max: 7 }).reason).toBe(
    'panic: over 1000 ms a demand of 200.0 at 10 each wants 20, at most 7',
  );
});
