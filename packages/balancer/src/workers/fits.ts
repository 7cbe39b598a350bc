/** What decides whether a worker has room. */
export interface WorkerLoad {
  /** Jobs it may have at once. */
  readonly slots: number;
  /** Jobs it has. */
  readonly jobCount: number;
  /** Those that are calls; a build runs beside them. */
  readonly callCount: number;
  /** Runs its calls one after the other. */
  readonly inline: boolean;
  /** Estimated run time of its calls, milliseconds. */
  readonly outstandingMs: number;
  /** When it last gave a result, or got its first call after being idle, monotonic milliseconds. */
  readonly progressMs: number;
  /**
   * From when on its own loop, without a result until then, counts as stalled in a call, monotonic milliseconds; infinite
   * while it runs none.
   */
  readonly stalledFromMs: number;
}

/** Calls up to this long, milliseconds by estimate, are never kept waiting by longer ones alone. */
const shortMs = 250;
/**
 * Slots of a worker that runs calls side by side: of so many, these are left for calls of which it is known how long they are,
 * and of those these for short ones.
 */
const slotShare = { of: 8, known: 4, short: 2 };

/** Length of a call of which nothing is known, where that matters. */
export const unknownLength = Number.POSITIVE_INFINITY;
/** Of any other that gets none of the slots for short ones. */
export const anyKnownLength = Number.MAX_VALUE;

/** Whether a worker's own loop has been in a call for so long that it can be expected to go on. */
export function isStalled({ stalledFromMs }: Pick<WorkerLoad, 'stalledFromMs'>, nowMs: number): boolean {
  return nowMs > stalledFromMs;
}

/** A worker without credit. */
export const noRoom = Number.NEGATIVE_INFINITY;

/**
 * How long a call may be for which a worker has room now, by estimate; noRoom without credit. It is without bound if the
 * worker runs calls side by side or has none, but for its last slots, which are for calls that are known and for short ones:
 * slow functions may take all others and hold them for as long as they like. Beside a loop that is stalled there is none: it hands
 * on nothing. If it runs them one after the other nothing may
 * wait long behind another job: what is outstanding and the next call together stay within workAheadMs. An estimate can be
 * wrong: a worker that has given no result for longer than its estimate has at least that much work ahead.
 */
export function roomMsOf(worker: WorkerLoad, nowMs: number, workAheadMs: number): number {
  if (worker.jobCount >= worker.slots) return noRoom;
  if (!worker.inline) return isStalled(worker, nowMs) ? noRoom : roomBesideOthers(worker);
  if (worker.callCount === 0) return Number.POSITIVE_INFINITY;
  return workAheadMs - Math.max(worker.outstandingMs, nowMs - worker.progressMs);
}

function roomBesideOthers(worker: WorkerLoad): number {
  const { jobCount, slots } = worker;
  if (jobCount < slotsForUnknown(worker)) return unknownLength;
  return jobCount < slots - slotShare.short * sharesOf(slots) ? anyKnownLength : shortMs;
}

function slotsForUnknown({ slots }: WorkerLoad): number {
  return slots - slotShare.known * sharesOf(slots);
}

function sharesOf(slots: number): number {
  return Math.floor(slots / slotShare.of);
}

/** Builds that a worker has room for now. */
export function buildSlotsOf(worker: WorkerLoad, nowMs: number, workAheadMs: number): number {
  if (roomMsOf(worker, nowMs, workAheadMs) < (worker.inline ? 0 : unknownLength)) return 0;
  return (worker.inline ? worker.slots : slotsForUnknown(worker)) - worker.jobCount;
}

/**
 * When a worker that runs its calls one after the other will be done with those it has, in milliseconds, if it gets no more.
 * Infinite where that cannot be said, or is of no use: it is stalled beyond its estimate, or all its slots are taken beside
 * the loop. Else it only grows while nothing happens.
 */
export function freeInMsOf(worker: WorkerLoad, nowMs: number): number {
  if (!worker.inline) return Number.POSITIVE_INFINITY;
  if (worker.callCount === 0) return worker.jobCount < worker.slots ? 0 : Number.POSITIVE_INFINITY;
  const withoutResultMs = nowMs - worker.progressMs;
  if (isStalled(worker, nowMs) && withoutResultMs > worker.outstandingMs) return Number.POSITIVE_INFINITY;
  return Math.max(worker.outstandingMs, withoutResultMs);
}

/** Calls it runs at once. */
export function lanesOf({ inline, slots }: Pick<WorkerLoad, 'inline' | 'slots'>): number {
  return inline ? 1 : slots;
}
