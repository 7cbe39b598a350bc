import { BoundedCache } from './bounded-cache.js';

const held = (cache: BoundedCache<number>, keys: string) => [...keys].filter((key) => cache.get(key) !== undefined);

test('drops the least recently used beyond its count', () => {
  const cache = new BoundedCache<number>({ entriesMax: 2, bytesMax: 100 });
  cache.set('a', 1, 1);
  cache.set('b', 2, 1);
  expect(cache.get('a')).toBe(1);
  cache.set('c', 3, 1);
  expect(held(cache, 'abc')).toEqual(['a', 'c']);
});

test('drops the least recently used beyond its bytes, and what is replaced or deleted frees its own', () => {
  const cache = new BoundedCache<number>({ entriesMax: 100, bytesMax: 10 });
  cache.set('a', 1, 4);
  cache.set('a', 2, 4);
  cache.set('b', 1, 4);
  expect(held(cache, 'ab')).toEqual(['a', 'b']);
  cache.delete('a');
  cache.set('c', 1, 6);
  expect(held(cache, 'abc')).toEqual(['b', 'c']);
  cache.set('d', 1, 5);
  expect(held(cache, 'bcd')).toEqual(['d']);
  cache.clear();
  cache.set('e', 1, 10);
  expect(held(cache, 'de')).toEqual(['e']);
});

test('does not keep what is larger than all its room', () => {
  const cache = new BoundedCache<number>({ entriesMax: 100, bytesMax: 10 });
  cache.set('a', 1, 11);
  cache.set('b', 1, 1);
  expect(held(cache, 'ab')).toEqual(['b']);
});
