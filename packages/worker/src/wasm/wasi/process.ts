import { randomFillSync } from 'node:crypto';
import type { Clock } from '@relais/kit';
import { Errno } from './errno.js';
import type { GuestMemory } from './guest-memory.js';
import type { WasiCall } from './wasi-call.js';

type Fn = (...args: number[]) => Errno;

const clockRealtime = 0;
const clockMonotonic = 1;
const clockCountMax = 4;
/** Clocks tick in microseconds: finer is of no use to a function and of use to a side channel. */
const resolutionNs = 1000n;
/** Node fills less than 2 GiB at once, and a memory can be larger. */
const randomBytesMax = 2 ** 30;

/** Arguments, environment, clocks, randomness and exit. */
export function processFunctions(
  call: WasiCall,
  memory: GuestMemory,
  clock: Clock,
  functionName: string,
): Record<string, Fn> {
  const args = [cString(functionName)];
  const environment = (): readonly Buffer[] => {
    call.environment ??= call.input.environment().map(cString);
    return call.environment;
  };

  return {
    args_sizes_get: (countPtr, bytesPtr) => writeSizes(memory, args, countPtr >>> 0, bytesPtr >>> 0),
    args_get: (listPtr, bytesPtr) => writeList(memory, args, listPtr >>> 0, bytesPtr >>> 0),
    environ_sizes_get: (countPtr, bytesPtr) => writeSizes(memory, environment(), countPtr >>> 0, bytesPtr >>> 0),
    environ_get: (listPtr, bytesPtr) => writeList(memory, environment(), listPtr >>> 0, bytesPtr >>> 0),

    clock_res_get(id, resolutionPtr) {
      if (id >>> 0 >= clockCountMax) return Errno.inval;
      if (!memory.inRange(resolutionPtr >>> 0, 8)) return Errno.fault;
      memory.setU64(resolutionPtr >>> 0, resolutionNs);
      return Errno.success;
    },

    // The second argument is the precision wanted, an i64 that changes nothing here.
    clock_time_get(id, _precision, timePtr = 0) {
      if (id >>> 0 >= clockCountMax) return Errno.inval;
      if (!memory.inRange(timePtr >>> 0, 8)) return Errno.fault;
      memory.setU64(timePtr >>> 0, clockNs(clock, call, id >>> 0));
      return Errno.success;
    },

    random_get(pointer, length) {
      if (!memory.inRange(pointer >>> 0, length >>> 0)) return Errno.fault;
      const end = (pointer >>> 0) + (length >>> 0);
      for (let at = pointer >>> 0; at < end; at += randomBytesMax) {
        randomFillSync(memory.bytes, at, Math.min(randomBytesMax, end - at));
      }
      return Errno.success;
    },

    proc_exit: (code) => call.stop({ kind: 'exit', code: code >>> 0 }),
    proc_raise: () => Errno.notsup,
    sched_yield: () => Errno.success,
  };
}

/** Nanoseconds of a preview-1 clock, in whole microseconds. The two CPU clocks count the call's own time. */
export function clockNs(clock: Clock, call: WasiCall, id: number): bigint {
  if (id === clockRealtime) return BigInt(Math.floor(clock.wallMs() * 1000)) * 1000n;
  const ms = id === clockMonotonic ? clock.nowMs() : clock.nowMs() - call.startMs;
  return BigInt(Math.max(0, Math.floor(ms * 1000))) * 1000n;
}

function cString(text: string): Buffer {
  return Buffer.from(`${text}\0`);
}

function totalBytes(items: readonly Buffer[]): number {
  return items.reduce((sum, item) => sum + item.length, 0);
}

function writeSizes(memory: GuestMemory, items: readonly Buffer[], countPtr: number, bytesPtr: number): Errno {
  if (!memory.inRange(countPtr, 4) || !memory.inRange(bytesPtr, 4)) return Errno.fault;
  memory.setU32(countPtr, items.length);
  memory.setU32(bytesPtr, totalBytes(items));
  return Errno.success;
}

function writeList(memory: GuestMemory, items: readonly Buffer[], listPtr: number, bytesPtr: number): Errno {
  if (!memory.inRange(listPtr, items.length * 4) || !memory.inRange(bytesPtr, totalBytes(items))) return Errno.fault;
  let at = bytesPtr;
  items.forEach((item, index) => {
    memory.setU32(listPtr + index * 4, at);
    memory.bytes.set(item, at);
    at += item.length;
  });
  return Errno.success;
}
