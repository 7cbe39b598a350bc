import { TickBatch } from './tick-batch.js';

const nextTurn = () => new Promise<void>((resolve) => setImmediate(resolve));

test('what a turn produces is handed on at its end in one piece', async () => {
  const pieces: number[][] = [];
  const batch = new TickBatch<number>((items) => pieces.push(items));
  for (let item = 0; item < 3; item++) batch.push(item);
  expect(pieces).toEqual([]);
  await nextTurn();
  expect(pieces).toEqual([[0, 1, 2]]);
});

test('of a burst eight are handed on at once, and nothing twice', async () => {
  const pieces: number[][] = [];
  const batch = new TickBatch<number>((items) => pieces.push(items));
  for (let item = 0; item < 18; item++) batch.push(item);
  expect(pieces).toEqual([
    [0, 1, 2, 3, 4, 5, 6, 7],
    [8, 9, 10, 11, 12, 13, 14, 15],
  ]);
  await nextTurn();
  await nextTurn();
  expect(pieces.slice(2)).toEqual([[16, 17]]);
});
