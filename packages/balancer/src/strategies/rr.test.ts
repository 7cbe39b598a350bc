import { seededRandom } from '../testing/seeded-random.js';
import { strategyConformance } from './conformance.js';
import { rr } from './rr.js';
import { startPicker } from './strategy.js';

strategyConformance(rr);

test('goes round the workers with room, over gaps', () => {
  const picker = startPicker(rr);
  const random = seededRandom(1);
  const of = (...orders: number[]) =>
    orders.map((attachOrder) => ({ id: `w${attachOrder}`, attachOrder, slots: 1, jobCount: 0, outstandingMs: 0 }));
  const picks = [of(1, 2, 4), of(1, 2, 4), of(1, 4), of(1, 2, 4), of(1, 3)].map((some) => {
    const index = picker.pick(some, random) ?? -1;
    return some[index]?.id;
  });
  expect(picks).toEqual(['w1', 'w2', 'w4', 'w1', 'w3']);
});
