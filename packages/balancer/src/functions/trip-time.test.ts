import { TripTime } from './trip-time.js';

test('nothing is known at first, then what the first took, and each later one moves it a little', () => {
  const trip = new TripTime();
  expect(trip.ms).toBe(0);
  trip.observe(100);
  expect(trip.ms).toBe(100);
  trip.observe(200);
  expect(trip.ms).toBeCloseTo(110);
});

test('what was too little is doubled, and comes down slowly', () => {
  const trip = new TripTime();
  trip.ranOut(30);
  expect(trip.ms).toBe(60);
  trip.ranOut(10);
  expect(trip.ms).toBe(60);
  for (let count = 0; count < 5; count++) trip.observe(20);
  expect(trip.ms).toBeGreaterThan(40);
  for (let count = 0; count < 50; count++) trip.observe(20);
  expect(trip.ms).toBeCloseTo(20, 0);
});
