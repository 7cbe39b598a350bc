import { FunctionConfig, Isolation } from '@relais/contracts';
import { systemClock } from '@relais/kit';
import { WasmEngine } from '../../wasm/engine.js';
import { CModules } from '../../wasm/testing/c-modules.js';
import { testEngine } from '../../wasm/testing/load.js';
import { cFixtures } from '../c/c-fixtures.js';
import { createCRuntime } from '../c/c-runtime.js';
import { ClangCompiler } from '../c/clang-compiler.js';
import { type FixtureSource, type RuntimeFixtures, runtimeConformance } from '../conformance.js';
import { defaultRuntimeLimits } from '../limits.js';
import { createWasmRuntime } from './wasm-runtime.js';

const modules = new CModules();

/** The module of a source whose instances serve call after call. */
function reusable(source: FixtureSource): FixtureSource {
  return async () => {
    const compiler = new ClangCompiler(systemClock, 60_000);
    const c = createCRuntime({ engine: testEngine(), compiler, limits: defaultRuntimeLimits });
    const config = FunctionConfig.fromPartial({ isolation: Isolation.ISOLATION_REUSE });
    const work = { source: Buffer.from(String(source)), filename: 'main.c', config };
    return c
      .build(work, 60_000)
      .then(({ artifact }) => artifact)
      .finally(() => c.close());
  };
}

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
  reusable: {
    counter: reusable(sources.counter),
    echo: reusable(sources.echo),
    environment: reusable(sources.environment),
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
