import { DemandWindow } from './demand-window.js';

test('averages over time, however often it is told within a bucket', () => {
  const window = new DemandWindow(60_000, 0);
  for (let ms = 0; ms < 1000; ms += 10) window.record(10, ms);
  window.record(30, 1000);
  expect(window.average(0, 1000)).toBe(30);
  expect([window.average(1000, 1000), window.peak(60_000, 1000)]).toEqual([14, 30]);
});

test('forgets what is older than asked for', () => {
  const window = new DemandWindow(1000, 0);
  window.record(100, 0);
  window.record(2, 5000);
  expect([window.average(500, 5000), window.average(1000, 5000), window.peak(60_000, 5000)]).toEqual([1, 0.5, 2]);
  expect(new DemandWindow(1000, 0).average(1000, 0)).toBe(0);
});

test('knows how long there has been nothing', () => {
  const window = new DemandWindow(1000, 100);
  window.record(0, 200);
  expect(window.idleForMs(300)).toBe(200);
  window.record(1, 400);
  window.record(0, 450);
  expect(window.idleForMs(1000)).toBe(600);
});

test('what has lasted is the least of every part of the time, and nothing while most of that is unknown', () => {
  const window = new DemandWindow(60_000, 0);
  for (let ms = 0; ms < 1000; ms += 50) window.record(10, ms);
  expect(window.lasting(2000, 1000)).toBe(0);
  for (let ms = 1000; ms < 2000; ms += 50) window.record(ms < 1250 ? 4 : 200, ms);
  expect([window.lasting(2000, 1950), window.lasting(500, 1950)]).toEqual([4, 200]);
});
