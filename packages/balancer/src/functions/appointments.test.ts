import { Appointments } from './appointments.js';

test('the first to be refused comes when a place is free, the others one after the other at a quarter of the rate that calls leave at', () => {
  const appointments = new Appointments();
  expect([1, 2, 3].map(() => appointments.next(100, 0.5, 0))).toEqual([100, 108, 116]);
  expect(appointments.next(100, 0.5, 80)).toBe(100);
  expect(appointments.next(100, 0.5, 80)).toBe(108);
});

test('who comes long after the others waits for none of them', () => {
  const appointments = new Appointments();
  for (let count = 0; count < 100; count++) appointments.next(10, 0.1, 0);
  expect(appointments.next(10, 0.1, 9000)).toBe(10);
});

test('nobody is sent away for more than five seconds beyond, however many there are and however slowly calls leave', () => {
  const appointments = new Appointments();
  const told = Array.from({ length: 10_000 }, () => appointments.next(10, 0.001, 0));
  expect(Math.max(...told)).toBe(5010);
  expect(appointments.next(10, 0, 0)).toBe(10);
});
