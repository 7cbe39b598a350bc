import { Scale } from '@relais/contracts';
import { FunctionState } from '../functions/function-state.js';
import { Pool } from '../workers/pool.js';
import { WarmFloor } from './warm-floor.js';

const hourMs = 3_600_000;

function functionOf(key: string, min: number): FunctionState {
  const bounds = { queueLengthMax: 10, queueWaitTargetMs: 500 };
  const fn = new FunctionState(key, 'f', new Pool('run', 'c', 10, 0), bounds, 0);
  fn.scale = Scale.fromPartial({ min });
  return fn;
}

test('the version of a name that was called last has its minimum, until a day after', () => {
  const floor = new WarmFloor();
  const [first, second] = [functionOf('f_1', 3), functionOf('f_2', 5)];
  expect(floor.of(first, 0)).toBe(0);
  floor.called(first);
  expect([floor.of(first, 23 * hourMs), floor.of(first, 24 * hourMs)]).toEqual([3, 0]);
  floor.called(second);
  expect([floor.of(first, 0), floor.of(second, 0)]).toEqual([0, 5]);
  floor.called(functionOf('f_3', 0));
  expect(floor.of(second, 0)).toBe(0);
});
