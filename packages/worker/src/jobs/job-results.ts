import type { JobResult } from '@relais/contracts';
import { toDetail } from '@relais/kit';
import type { CallOutcome } from '../runtimes/runtime.js';

/** What a call waited for while its version was fetched and loaded, microseconds. */
export interface LoadTimes {
  readonly fetchUs: number;
  readonly compileUs: number;
}

/** Of a call whose version was ready. */
export const nothingLoaded: LoadTimes = { fetchUs: 0, compileUs: 0 };

const wireUsMax = 2 ** 32 - 1;

/** The wire form of a call's outcome. id and workerId are left to the runner. */
export function resultOf(outcome: CallOutcome, load: LoadTimes, streamed: boolean): JobResult {
  const { result } = outcome;
  const initUs = wireUs(outcome.initUs ?? 0);
  const startUs = wireUs(outcome.coldUs - initUs);
  return {
    id: 0,
    workerId: '',
    outcome: result.ok
      ? { $case: 'invoked', value: { output: asBuffer(result.output), http: result.http, streamed } }
      : { $case: 'failure', value: toDetail(result.error.with({ component: 'worker' })) },
    timings: {
      queuedUs: 0,
      coldUs: load.fetchUs + load.compileUs + startUs + initUs,
      runUs: wireUs(outcome.runUs),
      fetchUs: load.fetchUs,
      compileUs: load.compileUs,
      startUs,
      initUs,
    },
    logs: outcome.logs,
    logsTruncated: outcome.logsTruncated,
    processorWaitUs: outcome.processorWaitUs === undefined ? undefined : wireUs(outcome.processorWaitUs),
  } satisfies JobResult;
}

/** Whole microseconds as the wire carries them: one time it could not carry would cost every call of this worker its answer. */
function wireUs(us: number): number {
  return Math.min(wireUsMax, Math.max(0, Math.round(us) || 0));
}

/** The same bytes as a Buffer; nothing is copied. */
export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
