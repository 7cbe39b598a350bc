import { defaultBalancerBounds } from '../bounds.js';
import { Pool } from '../workers/pool.js';
import { FunctionState } from './function-state.js';
import { Turns } from './turns.js';

const pool = new Pool('run', 'c', 10, 0);
const named = (name: string) => new FunctionState(name, name, pool, defaultBalancerBounds, 0);
const take = (turns: Turns, count: number) => Array.from({ length: count }, () => turns.take()?.name);

test('everyone has a turn, newcomers after those who wait', () => {
  const turns = new Turns();
  const [a, b, c] = ['a', 'b', 'c'].map(named) as [FunctionState, FunctionState, FunctionState];
  turns.add(a);
  turns.add(b);
  expect(take(turns, 3)).toEqual(['a', 'b', 'a']);
  turns.add(c);
  turns.add(c);
  expect(take(turns, 4)).toEqual(['b', 'a', 'c', 'b']);
  expect(turns.size).toBe(3);
});

test('who leaves loses nobody else the turn', () => {
  const turns = new Turns();
  const [a, b, c] = ['a', 'b', 'c'].map(named) as [FunctionState, FunctionState, FunctionState];
  for (const fn of [a, b, c]) turns.add(fn);
  turns.take();
  turns.remove(b);
  turns.remove(b);
  expect(turns.all()).toEqual([c, a]);
  turns.remove(c);
  turns.remove(a);
  expect([turns.size, turns.take(), turns.has(a)]).toEqual([0, undefined, false]);
});
