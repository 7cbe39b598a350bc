import v8 from 'node:v8';
import vm from 'node:vm';
import { invocationId, randomHex } from './ids.js';

test('random hexadecimal of the length asked for, never repeating over refills of the pool', () => {
  const texts = Array.from({ length: 5000 }, () => randomHex(7));
  expect(texts.filter((text) => !/^[0-9a-f]{14}$/.test(text))).toEqual([]);
  expect(new Set(texts).size).toBe(texts.length);
});

test.each([0, 1, 127, 128, 129, 5000])('%d bytes', (bytes) => {
  expect(randomHex(bytes)).toHaveLength(bytes * 2);
});

test('who keeps one of many ids keeps little beside it', () => {
  v8.setFlagsFromString('--expose-gc');
  const collect = vm.runInNewContext('gc') as () => void;
  const heldBytes = () => {
    collect();
    return process.memoryUsage().heapUsed;
  };
  const before = heldBytes();
  const kept = Array.from({ length: 4000 }, () => {
    for (let other = 0; other < 300; other++) randomHex(16);
    return randomHex(16);
  });
  expect((heldBytes() - before) / kept.length).toBeLessThan(1024);
  expect(new Set(kept).size).toBe(4000);
});

test('every hexadecimal digit is about as frequent as any other', () => {
  const counts = new Map<string, number>();
  for (const digit of Array.from({ length: 1000 }, () => randomHex(32)).join('')) {
    counts.set(digit, (counts.get(digit) ?? 0) + 1);
  }
  // 64,000 digits: 4000 each, standard deviation 61; nine of them either way.
  expect([...counts.values()].filter((count) => count < 3450 || count > 4550)).toEqual([]);
  expect(counts.size).toBe(16);
});

test('invocation ids sort by their millisecond and are unique within one', () => {
  const times = [0, 1, 255, 1_700_000_000_000, 1_700_000_000_001.9, 2 ** 47];
  const ids = times.map(invocationId);
  expect(ids.toSorted()).toEqual(ids);
  expect(ids.filter((id) => !/^[0-9a-f]{32}$/.test(id))).toEqual([]);
  expect(new Set(Array.from({ length: 1000 }, () => invocationId(5))).size).toBe(1000);
});
