import type { JobResult } from '@relais/contracts';
import { toDetail } from '@relais/kit';
import type { CallOutcome } from '../runtimes/runtime.js';

/** The wire form of a call's outcome. id and workerId are left to the runner. */
export function resultOf(outcome: CallOutcome, loadUs: number): JobResult {
  const { result } = outcome;
  return {
    id: 0,
    workerId: '',
    outcome: result.ok
      ? { $case: 'invoked', value: { output: asBuffer(result.output), http: result.http } }
      : { $case: 'failure', value: toDetail(result.error.with({ component: 'worker' })) },
    timings: { queuedUs: 0, coldUs: loadUs + Math.round(outcome.coldUs), runUs: Math.round(outcome.runUs) },
    logs: outcome.logs,
    logsTruncated: outcome.logsTruncated,
  } satisfies JobResult;
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
