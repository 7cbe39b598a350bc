import { IsolationCost } from '@relais/contracts';
import { type Clock, systemClock } from '@relais/kit';
import { LiveMemories } from './live-memories.js';
import type { Program } from './program.js';
import { Slot } from './slot.js';
import { WasiHost } from './wasi/host.js';

const roundsMax = 15;
/** One kind is measured no longer than this, once it was measured at all. */
const budgetMs = 20;

/**
 * What each isolation costs a call of this module here and now: instances are made, put back and left, and no code of the
 * module is run. Undefined where making an instance runs code of it, or fails.
 */
export function measureIsolationCost(program: Program, clock: Clock = systemClock): IsolationCost | undefined {
  if (program.runsOnInstantiation) return undefined;
  try {
    const newUs = medianUs(clock, newSlot({ ...program, entry: '_start' }), true);
    const resets = newSlot({ ...program, entry: '_start' });
    const resetUs = resets.isResettable ? { resetUs: medianUs(clock, resets, false) } : {};
    const reuseUs = medianUs(clock, newSlot({ ...program, entry: 'relais_run' }), false);
    return IsolationCost.fromPartial({ newUs, reuseUs, ...resetUs, basis: 'build' });
  } catch {
    // Each call will fail the same way, and say why.
    return undefined;
  }
}

function newSlot(program: Program): Slot {
  const host = new WasiHost({
    clock: systemClock,
    wait: () => {},
    outputBytesMax: 0,
    logBytesMax: 0,
    functionName: '',
  });
  return new Slot(program, host, new LiveMemories(1, Number.POSITIVE_INFINITY));
}

function medianUs(clock: Clock, slot: Slot, dropsEach: boolean): number {
  const samplesUs: number[] = [];
  slot.prepare();
  const endMs = clock.nowMs() + budgetMs;
  do {
    if (dropsEach) slot.drop();
    const beganMs = clock.nowMs();
    slot.prepare();
    samplesUs.push((clock.nowMs() - beganMs) * 1000);
  } while (samplesUs.length < roundsMax && clock.nowMs() < endMs);
  slot.drop();
  samplesUs.sort((a, b) => a - b);
  // A tenth of a microsecond is as fine as the clock can mean anything.
  return Math.round((samplesUs[samplesUs.length >> 1] ?? 0) * 10) / 10;
}
