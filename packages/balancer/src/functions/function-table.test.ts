import { defaultBalancerBounds } from '../bounds.js';
import { build, call } from '../testing/rig.js';
import { Pools } from '../workers/pool.js';
import { FunctionTable } from './function-table.js';

test('forgets the longest unused idle function at the bound, never a busy one', () => {
  const table = new FunctionTable(new Pools(10), { ...defaultBalancerBounds, functionsMax: 2 });
  const busy = table.of(call({ fn: 'busy_1' }), 0);
  if (busy) busy.running = 1;
  const idle = table.of(call({ fn: 'idle_1' }), 0);
  table.of(call({ fn: 'new_1' }), 0);
  expect(table.of(call({ fn: 'busy_1' }), 0)).toBe(busy);
  expect(table.of(call({ fn: 'idle_1' }), 0)).not.toBe(idle);
  expect([...table.values()]).toHaveLength(2);
});

test('builds of a caller in a language share a queue that is no function’s', () => {
  const table = new FunctionTable(new Pools(10), defaultBalancerBounds);
  const of = (lang: string, caller: string) => table.of(build(lang, 1000, caller), 0);
  expect(of('c', 'a')).toBe(of('c', 'a'));
  expect(of('c', 'a')).not.toBe(of('rust', 'a'));
  expect(of('c', 'a')).not.toBe(of('c', 'b'));
  expect(of('c', 'a')?.place).toBe(of('c', 'b')?.place);
  expect(of('c', 'a')?.pool.kind).toBe('build');
});

test('knows nothing of a job without work', () => {
  expect(new FunctionTable(new Pools(10), defaultBalancerBounds).of({ ...call(), work: undefined }, 0)).toBeUndefined();
});
