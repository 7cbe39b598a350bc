import { seededRandom } from '../testing/seeded-random.js';
import { StandingWorker } from '../testing/standing-worker.js';
import { fnOf, roomOf, strategyConformance } from './conformance.js';
import { least } from './least.js';
import { startPicker } from './strategy.js';

strategyConformance(least);

test('takes the worker with the least outstanding work for what it can run at once', () => {
  const [narrow, wide, serial] = [
    new StandingWorker(1, { slots: 2 }),
    new StandingWorker(2, { slots: 8 }),
    new StandingWorker(3, { slots: 8, inline: true }),
  ] as const;
  const room = roomOf([narrow, wide, serial]);
  narrow.set({ jobCount: 1, outstandingMs: 10 });
  wide.set({ jobCount: 4, outstandingMs: 32 });
  serial.set({ jobCount: 1, outstandingMs: 4.5 });
  const picker = startPicker(least);
  expect(picker.pick(room.forJob(1, 0), fnOf('f'))).toBe(wide);
  wide.take(8);
  expect(picker.pick(room.forJob(1, 0), fnOf('f'))).toBe(serial);
  expect(picker.pick(room.forJob(6, 0), fnOf('f'))).toBe(narrow);
});

test('leaves no worker further behind than one job, whatever their lengths', () => {
  const random = seededRandom(1);
  const workers = [1, 2, 3, 4].map((order) => new StandingWorker(order, { slots: 1000 }));
  const room = roomOf(workers);
  const picker = startPicker(least);
  let longestMs = 0;
  for (let job = 0; job < 2000; job++) {
    const jobMs = random() ** 4 * 100;
    longestMs = Math.max(longestMs, jobMs);
    picker.pick(room.forJob(jobMs, 0), fnOf('f'))?.take(jobMs);
  }
  const workMs = workers.map(({ outstandingMs }) => outstandingMs);
  expect(Math.max(...workMs) - Math.min(...workMs)).toBeLessThanOrEqual(longestMs);
});
