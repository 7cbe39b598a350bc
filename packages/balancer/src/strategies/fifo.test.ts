import { StandingWorker } from '../testing/standing-worker.js';
import { fnOf, roomOf, strategyConformance } from './conformance.js';
import { fifo } from './fifo.js';
import { startPicker } from './strategy.js';

strategyConformance(fifo);

test('fills the worker that attached first before it wakes the next', () => {
  const workers = [1, 2, 3].map((order) => new StandingWorker(order, { slots: 2 }));
  const room = roomOf(workers);
  const picker = startPicker(fifo);
  const picks = Array.from({ length: 6 }, () => {
    const chosen = picker.pick(room.forJob(1, 0), fnOf('f'));
    chosen?.take(1);
    return chosen?.attachOrder;
  });
  expect(picks).toEqual([1, 1, 2, 2, 3, 3]);
});
