import { ManualClock } from '@relais/kit';
import { keptAlive } from './kept-alive.js';

const settled = () => new Promise(setImmediate);

test('says at once that it looks on, and again after each silence', async () => {
  const clock = new ManualClock();
  const { promise: item, resolve: come } = Promise.withResolvers<string>();
  async function* items() {
    yield await item;
  }
  const got: (string | undefined)[] = [];
  const done = (async () => {
    for await (const one of keptAlive(items(), clock, 100, 0)) got.push(one);
  })();
  for (const ms of [0, 100, 99]) {
    await settled();
    clock.advance(ms);
  }
  await settled();
  expect(got).toEqual([undefined, undefined]);
  clock.advance(1);
  await settled();
  expect(got).toHaveLength(3);
  come('item');
  await done;
  expect(got).toEqual([undefined, undefined, undefined, 'item']);
});

test('what refuses to begin says nothing before', async () => {
  const clock = new ManualClock();
  const items = (async function* () {
    yield await Promise.reject(new Error('refused'));
  })();
  const first = keptAlive(items, clock, 100, 0).next();
  await expect(first).rejects.toThrow('refused');
});
