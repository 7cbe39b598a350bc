// A thread that runs WASM calls whose output goes out while they run: one at a time, each on an instance of its own.

import { parentPort } from 'node:worker_threads';
import { RelaisError, systemClock, toDetail } from '@relais/kit/base';
import { failureOfCall } from '../call-failure.js';
import { LiveMemories } from '../live-memories.js';
import { runSlot } from '../run-slot.js';
import { Slot } from '../slot.js';
import { WasiHost } from '../wasi/host.js';
import { threadWait } from '../wasi/poll.js';
import type { ThreadCall, ThreadEnd, ThreadMessage } from './thread-messages.js';
import { ThreadOutput } from './thread-output.js';

const wait = threadWait();

parentPort?.on('message', (call: ThreadCall) => say({ type: 'end', end: endOf(call) }));

function say(message: ThreadMessage, transfer: ArrayBuffer[] = []): void {
  parentPort?.postMessage(message, transfer);
}

function endOf(call: ThreadCall): ThreadEnd {
  try {
    return run(call);
  } catch (error) {
    return { failure: toDetail(RelaisError.from(error)), logs: '', logsTruncated: false, coldUs: 0, runUs: 0 };
  }
}

function run({ program, functionName, payload, budgetMs, environment, ...rest }: ThreadCall): ThreadEnd {
  const arrivedMs = systemClock.nowMs();
  const host = new WasiHost({
    clock: systemClock,
    wait,
    outputBytesMax: Number.POSITIVE_INFINITY,
    logBytesMax: rest.logBytesMax,
    functionName,
    output: new ThreadOutput(rest.credit, rest.windowBytes, (data) => say({ type: 'part', data }, [data.buffer])),
  });
  const slot = new Slot(program, host, new LiveMemories(1, 0));
  const state = host.call;
  state.begin({ payload, deadlineMs: arrivedMs + budgetMs, environment: () => environment }, arrivedMs);
  const { thrown } = runSlot(slot, state, systemClock);
  const { memoryBytesMax } = program;
  const failure = failureOfCall(thrown, { call: state, memoryBytes: slot.memoryBytes, memoryBytesMax });
  const end = {
    failure: failure && toDetail(failure),
    logs: state.logs.text(),
    logsTruncated: state.logs.truncated,
    coldUs: (state.startMs - arrivedMs) * 1000,
    runUs: (systemClock.nowMs() - state.startMs) * 1000,
  };
  slot.drop();
  return end;
}
