import { StandingWorker } from '../testing/standing-worker.js';
import { fnOf, roomOf, strategyConformance } from './conformance.js';
import { rr } from './rr.js';
import { startPicker } from './strategy.js';

strategyConformance(rr);

test('goes round the workers with room, over gaps', () => {
  const picker = startPicker(rr);
  const workers = [1, 2, 3, 4].map((order) => new StandingWorker(order, { slots: 1 }));
  const room = roomOf(workers);
  const picks = [
    [1, 2, 4],
    [1, 2, 4],
    [1, 4],
    [1, 2, 4],
    [1, 3],
  ].map((free) => {
    for (const worker of workers) worker.set({ jobCount: free.includes(worker.attachOrder) ? 0 : 1 });
    return picker.pick(room.forJob(1, 0), fnOf('f'))?.attachOrder;
  });
  expect(picks).toEqual([1, 2, 4, 1, 3]);
});
