import { RestartDelay } from './restart-delay.js';

const ended = { signal: '', outOfMemory: false };
const crashed = { signal: 'SIGSEGV', outOfMemory: false };
const killed = { signal: 'SIGKILL', outOfMemory: false };
const outOfMemory = { signal: 'SIGKILL', outOfMemory: true };

test.each([
  ['ends', ended],
  ['crashes', crashed],
  ['uses up its memory', outOfMemory],
])('one that %s within 5 s is started later each time, within a bound, and at once when it held longer', (_, exit) => {
  const delay = new RestartDelay();
  const early = Array.from({ length: 10 }, () => delay.next(4999, exit));
  expect(early).toEqual([40, 80, 160, 320, 640, 1280, 2560, 5000, 5000, 5000]);
  expect([delay.next(5000, exit), delay.next(0, exit)]).toEqual([20, 40]);
});

test('one that is killed again and again is always back at once, unless it had hardly begun', () => {
  const delay = new RestartDelay();
  expect([999, 0, 1000, 1000, 1000, 999].map((livedMs) => delay.next(livedMs, killed))).toEqual([
    40, 80, 20, 20, 20, 40,
  ]);
});
