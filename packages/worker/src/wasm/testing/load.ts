import { FunctionVersion } from '@relais/contracts';
import { type Clock, systemClock } from '@relais/kit';
import { type TestCall, testCall } from '../../runtimes/conformance/support.js';
import { defaultRuntimeLimits, type RuntimeLimits } from '../../runtimes/limits.js';
import type { CallOutcome, LoadedFunction } from '../../runtimes/runtime.js';
import { WasmEngine } from '../engine.js';
import type { ThreadHost } from '../threads/thread-host.js';
import type { Wait } from '../wasi/poll.js';

/** An engine with a test's clock; the machine's own by default. */
export function testEngine(
  options: {
    limits?: RuntimeLimits;
    clock?: Clock;
    wait?: Wait;
    liveMemoriesMax?: number;
    liveMemoryBytesMax?: number;
    threadHost?: ThreadHost;
  } = {},
): WasmEngine {
  return new WasmEngine({ limits: defaultRuntimeLimits, clock: systemClock, ...options });
}

export function testVersion(memoryMb = 128): FunctionVersion {
  return FunctionVersion.fromPartial({ id: 'probe_1', name: 'probe', version: 1, config: { memoryMb } });
}

/** Runs one call; the engine is inline, so the outcome is there at once. */
export function run(fn: LoadedFunction, options: TestCall = {}): CallOutcome {
  const outcome = fn.invoke(testCall(options));
  if (outcome instanceof Promise) throw new Error('the engine must answer at once');
  return outcome;
}

/** What a caller could tell two outcomes apart by; times and instance left out. */
export function observed({ result, logs, logsTruncated }: CallOutcome) {
  if (result.ok) return { output: Buffer.from(result.output).toString('latin1'), logs, logsTruncated };
  const { exit, limit, reason } = result.error.fields;
  return { code: result.error.code, message: result.error.message, exit, limit, reason, logs, logsTruncated };
}
