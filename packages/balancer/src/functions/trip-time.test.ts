import { TripTime } from './trip-time.js';

test('nothing is known at first, then what the first took, and each later one moves it a little', () => {
  const trip = new TripTime();
  expect(trip.ms).toBe(0);
  trip.observe(100);
  expect(trip.ms).toBe(100);
  trip.observe(200);
  expect(trip.ms).toBeCloseTo(110);
});

test('what was too little is doubled, but is never more than twice what one had, and comes down slowly', () => {
  const trip = new TripTime();
  const seen = [1, 2, 3, 4, 5].map((second) => {
    trip.ranOut(second * 1000, 30, second * 1000 + 30);
    return trip.ms;
  });
  expect(seen).toEqual([10, 20, 40, 60, 60]);
  for (let count = 0; count < 5; count++) trip.observe(20);
  expect(trip.ms).toBeGreaterThan(40);
  for (let count = 0; count < 50; count++) trip.observe(20);
  expect(trip.ms).toBeCloseTo(20, 0);
});

test('those that were under way together count once', () => {
  const trip = new TripTime();
  trip.observe(50);
  for (let at = 0; at < 16; at++) trip.ranOut(at, 700, 800);
  expect(trip.ms).toBe(100);
  trip.ranOut(800, 700, 1500);
  expect(trip.ms).toBe(200);
});
