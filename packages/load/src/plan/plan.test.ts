import { weightedPick } from './mix.js';
import { checkPlan, PlanError } from './plan.js';
import { seededRandom } from './seeded-random.js';

const plan = {
  url: 'http://127.0.0.1:8080',
  targets: [{ function: 'hello' }],
  phases: [{ loop: 'closed', clients: 2, requests: 10 }],
};

test('fills in what is not said', () => {
  expect(checkPlan(plan)).toMatchObject({
    seed: 1,
    traceRatio: 0.01,
    targets: [{ weight: 1, protocol: 'rest' }],
    budget: {},
  });
});

test('says every mistake at once', () => {
  const wrong = { ...plan, seed: -1, targets: [{ function: '', protocol: 'soap' }], phases: [] };
  expect(() => checkPlan(wrong)).toThrow(PlanError);
  expect(() => checkPlan(wrong)).toThrow(/seed[\s\S]*targets\.0\.function[\s\S]*targets\.0\.protocol[\s\S]*phases/);
});

test.each([
  ['neither time nor count', { phases: [{ loop: 'closed', clients: 1 }] }],
  ['both time and count', { phases: [{ loop: 'closed', clients: 1, seconds: 1, requests: 1 }] }],
  ['an unknown key', { colour: 'red' }],
  ['two payloads', { targets: [{ function: 'a', payload: 'x', payloadBytes: 3 }] }],
  ['a URL with TLS', { url: 'https://127.0.0.1' }],
  ['too many clients', { phases: [{ loop: 'closed', clients: 1e9, seconds: 1 }] }],
])('refuses %s', (_what, change) => {
  expect(() => checkPlan({ ...plan, ...change })).toThrow(PlanError);
});

test('weights decide how often a target is drawn', () => {
  const random = seededRandom(3);
  const pick = weightedPick([1, 0.5, 2.5]);
  const counts = [0, 0, 0];
  for (let draw = 0; draw < 40_000; draw++) {
    const index = pick(random);
    counts[index] = (counts[index] ?? 0) + 1;
  }
  expect(counts.map((count) => Math.round(count / 1000))).toEqual([10, 5, 25]);
});
