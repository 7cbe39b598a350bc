import type { Link } from './link.js';
import { memoryLinkPair } from './memory-link.js';

/** Both ends with what each received; "closed" marks the end. */
function pair() {
  const [a, b] = memoryLinkPair<number, number>('b', 'a');
  return { a, b, atA: record(a), atB: record(b) };
}

function record(link: Link<number, number>): (number | string)[] {
  const seen: (number | string)[] = [];
  link.receive({
    message: (message) => seen.push(message),
    closed: (error) => seen.push(error === undefined ? 'closed' : error.code),
  });
  return seen;
}

/** Lets everything queued so far be delivered. */
const settled = () => new Promise((resolve) => setImmediate(resolve));

test('messages arrive in order, in a later microtask, both ways', async () => {
  const { a, b, atA, atB } = pair();
  a.send(1);
  a.send(2);
  b.send(3);
  expect([atA, atB]).toEqual([[], []]);
  await settled();
  expect([atA, atB]).toEqual([[3], [1, 2]]);
});

test('each end names the other', () => {
  const { a, b } = pair();
  expect([a.peer, b.peer]).toEqual(['b', 'a']);
});

test('what was sent before the close arrives, then both sides hear of the end once', async () => {
  const { a, b, atA, atB } = pair();
  a.send(1);
  a.close();
  a.send(2);
  a.close();
  await settled();
  b.close();
  b.send(3);
  await settled();
  expect([atA, atB]).toEqual([['closed'], [1, 'closed']]);
});

test('both may close in one tick', async () => {
  const { a, b, atA, atB } = pair();
  a.close();
  b.close();
  await settled();
  expect([atA, atB]).toEqual([['closed'], ['closed']]);
});

test('a receiver that closes while it receives gets no more', async () => {
  const [a, b] = memoryLinkPair<number, number>('b', 'a');
  const seen: number[] = [];
  b.receive({
    message: (message) => {
      seen.push(message);
      b.close();
    },
    closed: () => seen.push(-1),
  });
  const atA = record(a);
  a.send(1);
  a.send(2);
  await settled();
  expect([seen, atA]).toEqual([[1, -1], ['closed']]);
});

/** A repeatable source of numbers in [0, 1). */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

test.each(Array.from({ length: 30 }, (_, seed) => seed + 1))(
  'seed %d: in any order of sends, closes and turns an end sees a prefix in order, then one close, then nothing',
  async (seed) => {
    const random = seeded(seed);
    const { a, b, atA, atB } = pair();
    const sentByA: number[] = [];
    const sentByB: number[] = [];
    for (let step = 0; step < 60; step++) {
      const [link, sent] = random() < 0.5 ? ([a, sentByA] as const) : ([b, sentByB] as const);
      const dice = random();
      if (dice < 0.03) link.close();
      else if (dice < 0.3) await Promise.resolve();
      else {
        link.send(step);
        sent.push(step);
      }
    }
    a.close();
    await settled();
    const prefixes = [sentByB.slice(0, atA.length - 1), sentByA.slice(0, atB.length - 1)];
    expect([atA, atB]).toEqual([
      [...(prefixes[0] ?? []), 'closed'],
      [...(prefixes[1] ?? []), 'closed'],
    ]);
  },
);
