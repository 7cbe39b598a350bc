import { configOf } from '../testing/config.js';
import { workerFleet } from './worker-fleet.js';

const peers = { balancerAddress: 'b:1', storageAddress: 's:1' };

function fleetOf(workers: number) {
  return workerFleet(configOf('--workers', String(workers)), peers, 'host');
}

test.each([2, 3, 4, 7, 64])('of %d workers, none runs both WASM and native languages, and both are run', (workers) => {
  const fleet = fleetOf(workers);
  const runsWasm = fleet.map(({ runs }) => runs.includes('wasm'));
  const runsNative = fleet.map(({ runs }) => runs.includes('python'));
  expect(fleet).toHaveLength(workers);
  expect(runsWasm.map((wasm, index) => wasm !== runsNative[index])).toEqual(fleet.map(() => true));
  expect(runsWasm.filter(Boolean)).toHaveLength(Math.ceil(workers / 2));
});

test('a worker whose loop a call can block builds nothing', () => {
  const builders = fleetOf(4).filter(({ builds }) => builds.length > 0);
  expect(builders.map(({ runs }) => runs.includes('wasm'))).toEqual([false, false]);
});

test('what runs WASM runs nothing else, so that it can be kept in a sandbox, and no fleet is too small for that', () => {
  for (const { runs, wasmOnly } of fleetOf(2)) expect(wasmOnly).toBe(runs.includes('wasm'));
  expect(() => fleetOf(1)).toThrow(/workers.*2/);
});

test('slots follow the kind of worker', () => {
  const fleet = workerFleet(
    configOf('--workers', '2', '--slots-inline', '40', '--slots-processes', '3'),
    peers,
    'host',
  );
  expect(fleet.map(({ slots }) => slots)).toEqual([40, 3]);
});
