import { systemClock } from '@relais/kit';
import { testSandbox } from '../../processes/testing/launcher.js';
import { WasmEngine } from '../../wasm/engine.js';
import { runtimeConformance } from '../conformance.js';
import { cFixtures } from './c-fixtures.js';
import { createCRuntime } from './c-runtime.js';
import { ClangCompiler } from './clang-compiler.js';

runtimeConformance(
  'c',
  (limits) =>
    createCRuntime({
      engine: new WasmEngine({ limits, clock: systemClock }),
      compiler: new ClangCompiler(systemClock, limits.idleInstanceMs, testSandbox),
      limits,
    }),
  cFixtures,
);
