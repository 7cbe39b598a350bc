import { StandingWorker } from '../testing/standing-worker.js';
import { fnOf, roomOf, strategyConformance } from './conformance.js';
import { startPicker } from './strategy.js';
import { weighted } from './weighted.js';

strategyConformance(weighted);

/** Who gets each of so many jobs, when every job is done before the next. */
function picksOf(workers: readonly StandingWorker[], count: number): number[] {
  const room = roomOf(workers);
  const picker = startPicker(weighted);
  return Array.from({ length: count }, () => picker.pick(room.forJob(1, 0), fnOf('f'))?.attachOrder ?? 0);
}

const countOf = (picks: readonly number[], order: number) => picks.filter((pick) => pick === order).length;

test('at any time each worker has had its declared share, give or take two', () => {
  const weights = [5, 1, 1, 3];
  const workers = weights.map((weight, index) => new StandingWorker(index + 1, { weight }));
  const picks = picksOf(workers, 1000);
  for (let count = 1; count <= picks.length; count++) {
    for (const [index, weight] of weights.entries()) {
      const had = countOf(picks.slice(0, count), index + 1);
      expect(Math.abs(had - (count * weight) / 10)).toBeLessThanOrEqual(2);
    }
  }
});

test('jobs come spread out: none of two equal workers gets three in a row', () => {
  const picks = picksOf([new StandingWorker(1), new StandingWorker(2)], 500);
  expect(picks.some((pick, index) => pick === picks[index + 1] && pick === picks[index + 2])).toBe(false);
});

test('free credit and recent speed count like declared weight', () => {
  const [big, small, slow] = [
    new StandingWorker(1, { slots: 12 }),
    new StandingWorker(2, { slots: 4 }),
    new StandingWorker(3, { slots: 12 }),
  ] as const;
  slow.set({ slowness: 3 });
  big.set({ jobCount: 4, outstandingMs: 1 });
  const picks = picksOf([big, small, slow], 1000);
  expect([1, 2, 3].map((order) => Math.round(countOf(picks, order) / 10))).toEqual([50, 25, 25]);
});
