import { Flow } from './flow.js';

test('delivers within credit alone, and what is granted is told to the producer', () => {
  const taken: string[] = [];
  const flow = new Flow<string>(10, (part) => taken.push(part));
  const granted: number[] = [];
  flow.listen((bytes) => granted.push(bytes));
  expect(flow.deliver('a', 6)).toBe(true);
  expect(flow.deliver('b', 6)).toBe(false);
  flow.grant(2);
  expect(flow.deliver('c', 6)).toBe(true);
  expect(taken).toEqual(['a', 'c']);
  expect(granted).toEqual([2]);
});

test('passes nothing once closed', () => {
  const taken: string[] = [];
  const flow = new Flow<string>(10, (part) => taken.push(part));
  const granted: number[] = [];
  flow.listen((bytes) => granted.push(bytes));
  flow.close();
  expect(flow.deliver('a', 100)).toBe(true);
  flow.grant(5);
  expect([taken, granted]).toEqual([[], []]);
});
