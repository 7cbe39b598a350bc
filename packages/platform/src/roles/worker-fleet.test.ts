import type { KindPlan } from '../supervisor/worker-spec.js';
import { configOf } from '../testing/config.js';
import { workerFleet } from './worker-fleet.js';

const peers = { balancerAddress: 'b:1', storageAddress: 's:1' };

function fleetOf(...argv: string[]) {
  const [wasm, native] = workerFleet(configOf(...argv), peers, 'host');
  if (!wasm || !native) throw new Error('a fleet has two kinds');
  return { wasm, native };
}

const counts = ({ kept, usual, max }: KindPlan) => [kept, usual, max];

test.each([2, 3, 4, 7, 64])('of %d workers, none runs both WASM and native languages, and both are run', (workers) => {
  const { native, wasm } = fleetOf('--workers', String(workers));
  expect([wasm, native].map(({ plan }) => plan.runs.includes('wasm'))).toEqual([true, false]);
  expect([wasm, native].map(({ plan }) => plan.runs.includes('python'))).toEqual([false, true]);
  expect([wasm.usual, native.usual]).toEqual([Math.ceil(workers / 2), Math.floor(workers / 2)]);
});

test('a worker whose loop a call can block builds nothing', () => {
  const { native, wasm } = fleetOf();
  expect([wasm, native].map(({ plan }) => plan.builds.length > 0)).toEqual([false, true]);
});

test('what runs WASM runs nothing else, so that it can be kept in a sandbox, and no fleet is too small for that', () => {
  const { native, wasm } = fleetOf('--workers', '2');
  for (const { plan } of [wasm, native]) expect(plan.wasmOnly).toBe(plan.runs.includes('wasm'));
  expect(() => fleetOf('--workers', '1')).toThrow(/workers.*2/);
});

test('slots follow the kind of worker', () => {
  const { native, wasm } = fleetOf('--slots-inline', '40', '--slots-processes', '3');
  expect([wasm.plan.slots, native.plan.slots]).toEqual([40, 3]);
});

test.each([
  [[], [2, 2, 6], [2, 2, 6]],
  [
    ['--workers', '5', '--workers-min', '3', '--workers-extra-max', '1'],
    [2, 3, 4],
    [1, 2, 3],
  ],
  [
    ['--workers-min', '1'],
    [1, 2, 6],
    [0, 2, 6],
  ],
  [
    ['--workers-min', '0'],
    [0, 2, 6],
    [0, 2, 6],
  ],
])('what is kept, usual and allowed, as %j says', (argv, wasmCounts, nativeCounts) => {
  const { native, wasm } = fleetOf(...argv);
  expect([counts(wasm), counts(native)]).toEqual([wasmCounts, nativeCounts]);
});
