import { Timings } from '@relais/contracts';
import { StartCosts } from './start-costs.js';

const timings = (startUs: number, initUs = 0) => Timings.fromPartial({ startUs, initUs });

test('a new instance costs the median of its latest cold starts, a warm one was seen to cost nothing', () => {
  const costs = new StartCosts(10);
  expect(costs.of('a')).toBeUndefined();
  for (const startUs of [100, 300, 200]) costs.record('a', timings(startUs, 50));
  expect(costs.of('a')).toMatchObject({ newUs: 250, reuseUs: undefined, resetUs: undefined, basis: 'calls' });
  costs.record('a', timings(0));
  expect(costs.of('a')).toMatchObject({ newUs: 250, reuseUs: 0 });
  for (let call = 0; call < 32; call += 1) costs.record('a', timings(1000));
  expect(costs.of('a')).toMatchObject({ newUs: 1000 });
});

test('remembers as many versions as it may', () => {
  const costs = new StartCosts(2);
  for (const id of ['a', 'b', 'c']) costs.record(id, timings(5));
  expect(['a', 'b', 'c'].map((id) => costs.of(id)?.newUs)).toEqual([undefined, 5, 5]);
});
