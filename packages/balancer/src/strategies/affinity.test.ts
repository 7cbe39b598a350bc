import { seededRandom } from '../testing/seeded-random.js';
import { StandingWorker } from '../testing/standing-worker.js';
import { affinity } from './affinity.js';
import { fnOf, roomOf, strategyConformance } from './conformance.js';
import { startPicker } from './strategy.js';

strategyConformance(affinity);

const functions = Array.from({ length: 200 }, (_, index) => `function-${index}_1700000000`);

function fleet(count: number) {
  const workers = Array.from({ length: count }, (_, index) => new StandingWorker(index + 1, { slots: 16 }));
  const room = roomOf(workers);
  const picker = startPicker(affinity);
  const pick = (name: string, estimateMs = 1) => picker.pick(room.forJob(estimateMs, 0), fnOf(name));
  return { workers, room, pick, homes: () => functions.map((name) => pick(name)?.id) };
}

test('a function goes to the same worker every time, and functions spread over all', () => {
  const { workers, homes } = fleet(8);
  const first = homes();
  expect(homes()).toEqual(first);
  expect(new Set(first).size).toBe(workers.length);
});

test('a worker that attaches or leaves moves only the functions it gets or had', () => {
  const { room, homes } = fleet(7);
  const before = homes();
  const joined = new StandingWorker(8);
  room.add(joined);
  const between = homes();
  expect(between.every((home, index) => home === before[index] || home === joined.id)).toBe(true);
  expect(between).toContain(joined.id);
  room.remove(joined);
  expect(homes()).toEqual(before);
});

test('while a worker has little to do its function stays; none is loaded far above the average', () => {
  const { workers, pick } = fleet(8);
  const home = pick('hot');
  for (let job = 0; job < 3; job++) {
    expect(pick('hot', 40)).toBe(home);
    pick('hot', 40)?.take(40);
  }
  const random = seededRandom(1);
  for (let job = 0; job < 80; job++) pick(random() < 0.7 ? 'hot' : `f${job}`, 40)?.take(40);
  const loads = workers.map(({ outstandingMs, slots }) => outstandingMs / slots);
  const averageMs = loads.reduce((sum, load) => sum + load, 0) / loads.length;
  expect(Math.max(...loads)).toBeLessThanOrEqual(2 * averageMs + 40 / 16 + 1e-9);
});

test('spills along the ring first, so that even a hot function meets few workers', () => {
  const met = () => {
    const { pick } = fleet(64);
    const ids = new Set<string | undefined>();
    for (let job = 0; job < 16 * 4; job++) {
      const chosen = pick('hot', 8);
      chosen?.take(8);
      ids.add(chosen?.id);
    }
    return ids;
  };
  expect([...met()]).toEqual([...met()]);
  expect(met().size).toBeLessThan(8);
});
