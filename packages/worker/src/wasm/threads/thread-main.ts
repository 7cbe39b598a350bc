// A thread that runs WASM calls beside the worker's own loop: one at a time, each on an instance of its own.

import { setPriority } from 'node:os';
import { parentPort } from 'node:worker_threads';
import { RelaisError, systemClock, toDetail } from '@relais/kit/base';
import { failureOfCall } from '../call-failure.js';
import { LiveMemories } from '../live-memories.js';
import { runSlot } from '../run-slot.js';
import { Slot } from '../slot.js';
import { WasiHost } from '../wasi/host.js';
import { threadWait } from '../wasi/poll.js';
import type { StreamedWork, ThreadEnd, ThreadMessage, ThreadStream } from './thread-messages.js';
import { ThreadOutput } from './thread-output.js';

/**
 * Of this thread alone: what is long or unknown comes after the calls of loops, and after the platform. Not lower: while nothing else
 * of its group runs, that would leave the group so little weight that the loop waits for it when it wakes.
 */
const niceness = 12;
setPriority(niceness);

const wait = threadWait();
const noOutput = new Uint8Array(0);

parentPort?.on('message', (call: StreamedWork) => say({ type: 'end', end: endOf(call) }));

function say(message: ThreadMessage, transfer: ArrayBuffer[] = []): void {
  parentPort?.postMessage(message, transfer);
}

function endOf(call: StreamedWork): ThreadEnd {
  try {
    return run(call);
  } catch (error) {
    return {
      failure: toDetail(RelaisError.from(error)),
      output: noOutput,
      logs: '',
      logsTruncated: false,
      coldUs: 0,
      runUs: 0,
    };
  }
}

function run({ program, functionName, payload, budgetMs, environment, ...rest }: StreamedWork): ThreadEnd {
  const arrivedMs = systemClock.nowMs();
  const host = new WasiHost({
    clock: systemClock,
    wait,
    outputBytesMax: rest.outputBytesMax,
    logBytesMax: rest.logBytesMax,
    functionName,
    ...(rest.stream ? { output: outputTo(rest.stream) } : {}),
  });
  const slot = new Slot(program, host, new LiveMemories(1, 0));
  const state = host.call;
  state.begin({ payload, deadlineMs: arrivedMs + budgetMs, environment: () => environment }, arrivedMs);
  const { thrown } = runSlot(slot, state, systemClock);
  const { memoryBytesMax } = program;
  const failure = failureOfCall(thrown, { call: state, memoryBytes: slot.memoryBytes, memoryBytesMax });
  const end = {
    failure: failure && toDetail(failure),
    // A copy, for what is posted goes with all of the memory it lies in.
    output: failure ? noOutput : new Uint8Array(state.output.take()),
    logs: state.logs.text(),
    logsTruncated: state.logs.truncated,
    coldUs: (state.startMs - arrivedMs) * 1000,
    runUs: (systemClock.nowMs() - state.startMs) * 1000,
  };
  slot.drop();
  return end;
}

function outputTo({ credit, windowBytes }: ThreadStream): ThreadOutput {
  return new ThreadOutput(credit, windowBytes, (data) => say({ type: 'part', data }, [data.buffer]));
}
