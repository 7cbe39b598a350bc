import { defaultBalancerBounds } from '../bounds.js';
import { FunctionState } from '../functions/function-state.js';
import { call } from '../testing/rig.js';
import { seededRandom } from '../testing/seeded-random.js';
import { Pool } from '../workers/pool.js';
import { DeadlineWheel } from './deadline-wheel.js';
import { JobEntry } from './job-entry.js';

const fn = new FunctionState('f', 'f', new Pool('run', 'c', 10, 0), defaultBalancerBounds, 0);
const entry = () =>
  new JobEntry({
    job: call(),
    fn,
    nowMs: 0,
    deadlineMs: 0,
    payloadBytes: 0,
    signal: undefined,
    flow: undefined,
    cancelled: () => {},
    resolve: () => {},
    reject: () => {},
  });

test('finds every job once, never early, at most a bucket and a tick late, over many revolutions', () => {
  const wheel = new DeadlineWheel(5);
  const random = seededRandom(1);
  const waiting = new Map<JobEntry, number>();
  for (let nowMs = 5; nowMs < 60_000; nowMs += 10) {
    const added = entry();
    const dueMs = nowMs + random() * 30_000;
    wheel.add(added, dueMs);
    waiting.set(added, dueMs);
    for (const due of wheel.advance(nowMs)) {
      const late = nowMs - (waiting.get(due) ?? Number.NaN);
      expect(late).toBeGreaterThanOrEqual(0);
      expect(late).toBeLessThanOrEqual(20);
      waiting.delete(due);
    }
  }
  expect(wheel.advance(100_000)).toHaveLength(waiting.size);
});

test('a removed job is never found; removing it twice does nothing', () => {
  const wheel = new DeadlineWheel(0);
  const [a, b, c] = [entry(), entry(), entry()];
  for (const each of [a, b, c]) wheel.add(each, 50);
  wheel.remove(b);
  wheel.remove(b);
  expect(new Set(wheel.advance(60))).toEqual(new Set([a, c]));
});

test('a jump over more than a revolution finds everything', () => {
  const wheel = new DeadlineWheel(0);
  const entries = Array.from({ length: 100 }, (_, index) => ({ entry: entry(), dueMs: index * 333 }));
  for (const each of entries) wheel.add(each.entry, each.dueMs);
  expect(wheel.advance(40_000)).toHaveLength(100);
});
