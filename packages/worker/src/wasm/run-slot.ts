import type { Clock } from '@relais/kit';
import type { Slot } from './slot.js';
import type { WasiCall } from './wasi/wasi-call.js';

const stackFramesMax = 50;

/**
 * Runs a slot's program on a ready instance. What came out of the module, or of making its instance, undefined when it
 * returned; and when there was an instance. The start of the call is moved behind what a new one takes.
 */
export function runSlot(slot: Slot, call: WasiCall, clock: Clock): { thrown: unknown; instanceMs: number } {
  const framesBefore = Error.stackTraceLimit;
  Error.stackTraceLimit = stackFramesMax;
  const isNew = !slot.isReady;
  let instanceMs = call.startMs;
  try {
    slot.prepare();
    if (isNew) {
      instanceMs = clock.nowMs();
      call.startMs = instanceMs;
      initialise(slot, call, clock);
    }
    slot.run();
    return { thrown: undefined, instanceMs };
  } catch (error) {
    return { thrown: error ?? new Error('the module threw nothing'), instanceMs };
  } finally {
    Error.stackTraceLimit = framesBefore;
  }
}

/** The time it takes is part of the cold start, however it ends. */
function initialise(slot: Slot, call: WasiCall, clock: Clock): void {
  if (!slot.isReused) return;
  try {
    slot.initialise();
  } finally {
    call.startMs = clock.nowMs();
  }
}
