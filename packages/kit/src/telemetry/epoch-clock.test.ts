import { ManualClock } from '../time/manual-clock.js';
import { EpochClock } from './epoch-clock.js';

test('the offset is taken at the edge of a millisecond', () => {
  // A wall clock of whole milliseconds over a finer monotonic one, as the machine has it.
  let nowMs = 10.7;
  const clock = Object.assign(new ManualClock(), {
    nowMs: () => nowMs,
    wallMs: () => {
      nowMs += 0.01;
      return Math.floor(1_000_000 + nowMs);
    },
  });
  const epoch = new EpochClock(clock);
  expect(Math.abs(epoch.toEpochMs(50) - 1_000_050)).toBeLessThan(0.02);
});

test('a process that was not running between its two readings is not late for it', () => {
  let nowMs = 10.7;
  let reads = 0;
  const clock = Object.assign(new ManualClock(), {
    // Stands still for 20 ms after the wall clock passed its first edge.
    nowMs: () => {
      if (Math.floor(nowMs) === 11 && reads++ === 0) nowMs += 20;
      return nowMs;
    },
    wallMs: () => {
      nowMs += 0.01;
      return Math.floor(1_000_000 + nowMs);
    },
  });
  const epoch = new EpochClock(clock);
  expect(Math.abs(epoch.toEpochMs(50) - 1_000_050)).toBeLessThan(1.02);
});

test('a wall clock that was set is followed, small corrections are not', () => {
  let jumpMs = 0;
  const inner = new ManualClock(1_000_000);
  const clock = Object.assign(new ManualClock(), { nowMs: () => inner.nowMs(), wallMs: () => inner.wallMs() + jumpMs });
  const epoch = new EpochClock(clock);
  jumpMs = 900;
  epoch.follow();
  expect(epoch.toEpochMs(0)).toBe(1_000_000);
  jumpMs = 3_600_000;
  epoch.follow();
  expect(epoch.toEpochMs(0)).toBe(4_600_000);
});
