import { FreeStart } from './free-start.js';

test('so much is for free until it has started, and nothing after it', () => {
  const start = new FreeStart();
  expect([start.after(70), start.after(200), start.after(50)]).toEqual([0, 20, 50]);
  const quick = new FreeStart();
  quick.after(70);
  quick.end(0);
  expect(quick.after(50)).toBe(50);
});

test('who lives long enough has earned its start', () => {
  const start = new FreeStart();
  start.after(100);
  expect(start.unearnedMs(9000)).toBe(100);
  start.end(10_000);
  expect(start.unearnedMs(10_200)).toBe(50);
  expect(start.unearnedMs(10_400)).toBe(0);
  start.end(20_000);
  expect(start.unearnedMs(20_000)).toBe(0);
});
