import { systemClock } from '@relais/kit';
import { WasmEngine } from '../../wasm/engine.js';
import { CModules } from '../../wasm/testing/c-modules.js';
import { cFixtures } from '../c/c-fixtures.js';
import { type FixtureSource, type RuntimeFixtures, runtimeConformance } from '../conformance.js';
import { createWasmRuntime } from './wasm-runtime.js';

const modules = new CModules();

function compiled(source: FixtureSource): FixtureSource {
  return () => modules.compile(String(source));
}

const { sources } = cFixtures;
const fixtures: RuntimeFixtures = {
  ...cFixtures,
  filename: 'main.wasm',
  sources: {
    ...(Object.fromEntries(
      Object.entries(sources).map(([key, source]) => [key, compiled(source)]),
    ) as unknown as typeof sources),
    invalid: Buffer.from('\0asm\x01\0\0\0\xff', 'latin1'),
  },
  invalidLine: 0,
};

runtimeConformance(
  'wasm',
  (limits) => ({
    ...createWasmRuntime({ engine: new WasmEngine({ limits, clock: systemClock }) }),
    // The compiler of the fixtures is no process of the runtime, but it must be gone before the suite looks for any.
    close: () => modules.close(),
  }),
  fixtures,
);
