import type { Clock } from '@relais/kit';
import { RelaisError } from '@relais/kit/base';
import { Errno } from './errno.js';
import type { GuestMemory } from './guest-memory.js';
import { clockNs } from './process.js';
import type { WasiCall } from './wasi-call.js';

const subscriptionBytes = 48;
const eventBytes = 32;
const subscriptionsMax = 1024;
const kind = { clock: 0, read: 1, write: 2 } as const;
const absoluteTime = 1;

/** Holds the thread for that many milliseconds; may return early. */
export type Wait = (ms: number) => void;

/** Holds the thread without burning the processor. */
export function threadWait(): Wait {
  const cell = new Int32Array(new SharedArrayBuffer(4));
  return (ms) => {
    Atomics.wait(cell, 0, 0, ms);
  };
}

interface Subscription {
  readonly at: number;
  readonly kind: number;
  /** Monotonic milliseconds of the clock; streams are ready at once. */
  readonly dueMs: number;
  readonly errno: Errno;
}

/**
 * poll_oneoff: streams are always ready; clocks hold the thread. A wait that would pass the call's deadline ends there,
 * with deadline_exceeded.
 */
export function pollFunction(call: WasiCall, memory: GuestMemory, clock: Clock, wait: Wait) {
  const read = (at: number, nowMs: number): Subscription => {
    const type = memory.u8(at + 8);
    if (type === kind.clock) return readClock(at, nowMs);
    if (type !== kind.read && type !== kind.write) return { at, kind: type, dueMs: nowMs, errno: Errno.inval };
    const fd = memory.u32(at + 16);
    const readable = call.isOpen(fd) && (fd === 0) === (type === kind.read);
    return { at, kind: type, dueMs: nowMs, errno: readable ? Errno.success : Errno.badf };
  };

  const readClock = (at: number, nowMs: number): Subscription => {
    const id = memory.u32(at + 16);
    if (id > 3) return { at, kind: kind.clock, dueMs: nowMs, errno: Errno.inval };
    const timeNs = memory.u64(at + 24);
    const isAbsolute = (memory.u16(at + 40) & absoluteTime) !== 0;
    const delayNs = isAbsolute ? timeNs - clockNs(clock, call, id) : timeNs;
    return { at, kind: kind.clock, dueMs: nowMs + Math.max(0, Number(delayNs) / 1e6), errno: Errno.success };
  };

  const waitUntil = (dueMs: number): void => {
    for (let nowMs = clock.nowMs(); nowMs < dueMs; nowMs = clock.nowMs()) {
      if (nowMs >= call.input.deadlineMs) call.stop({ kind: 'failure', error: sleptPastDeadline() });
      wait(Math.min(dueMs, call.input.deadlineMs) - nowMs);
    }
  };

  const writeEvent = (at: number, subscription: Subscription): void => {
    const isRead = subscription.kind === kind.read;
    const userdata = memory.u64(subscription.at);
    memory.zero(at, eventBytes);
    memory.setU64(at, userdata);
    memory.setU16(at + 8, subscription.errno);
    memory.setU8(at + 10, subscription.kind);
    memory.setU64(at + 16, isRead ? BigInt(call.input.payload.length - call.payloadOffset) : 0n);
  };

  return (inPtr: number, outPtr: number, count: number, countPtr: number): Errno => {
    const [subscriptionsAt, eventsAt, total, eventCountAt] = [inPtr >>> 0, outPtr >>> 0, count >>> 0, countPtr >>> 0];
    if (total === 0 || total > subscriptionsMax) return Errno.inval;
    const fits =
      memory.inRange(subscriptionsAt, total * subscriptionBytes) &&
      memory.inRange(eventsAt, total * eventBytes) &&
      memory.inRange(eventCountAt, 4);
    if (!fits) return Errno.fault;
    const nowMs = clock.nowMs();
    const all = Array.from({ length: total }, (_, index) => read(subscriptionsAt + index * subscriptionBytes, nowMs));
    const dueMs = all.reduce((earliest, { dueMs }) => Math.min(earliest, dueMs), Number.POSITIVE_INFINITY);
    waitUntil(dueMs);
    const due = all.filter((subscription) => subscription.dueMs <= dueMs);
    due.forEach((subscription, index) => {
      writeEvent(eventsAt + index * eventBytes, subscription);
    });
    memory.setU32(eventCountAt, due.length);
    return Errno.success;
  };
}

function sleptPastDeadline(): RelaisError {
  return new RelaisError('deadline_exceeded', 'The function was asleep when its time ran out.', {
    reason: 'timeout',
    component: 'worker',
  });
}
