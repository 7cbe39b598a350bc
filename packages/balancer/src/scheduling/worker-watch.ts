import type { Fleet } from '../workers/fleet.js';
import type { Supervisors } from '../workers/supervisors.js';
import type { WorkerSession } from '../workers/worker-session.js';
import type { Departures } from './departures.js';

const heartbeatsMissedMax = 3;
/** Silent for so many, it gets nothing new: what it has not begun would be stuck there until it is killed. */
const heartbeatsSilent = 1.5;
/** A supervisor, which runs no calls, that is silent for so many: nothing excuses the workers of its host any more. */
const hostHeartbeatsMissedMax = 10;
/** A gap this long between ticks means that this process itself stood still. */
const ownStallMs = 1000;

/** Whether a worker has been heard as lately as one is that does well and has nothing to say. */
export function isHeard({ heardMs }: WorkerSession, heartbeatMs: number, nowMs: number): boolean {
  return nowMs - heardMs <= heartbeatMs * heartbeatsSilent;
}

/** Finds hung workers: silent for three heartbeats without a call in their own loop that explains it, or with their host. */
export class WorkerWatch {
  readonly #fleet: Fleet;
  readonly #departures: Departures;
  readonly #supervisors: Supervisors;
  readonly #heartbeatMs: number;
  #lastTickMs: number;
  #nextLookMs = 0;

  constructor(
    { departures, fleet, supervisors }: { fleet: Fleet; departures: Departures; supervisors: Supervisors },
    heartbeatMs: number,
    nowMs: number,
  ) {
    this.#fleet = fleet;
    this.#departures = departures;
    this.#supervisors = supervisors;
    this.#heartbeatMs = heartbeatMs;
    this.#lastTickMs = nowMs;
  }

  tick(nowMs: number): void {
    // Having heard nothing while we stood still says nothing about them.
    if (nowMs - this.#lastTickMs > ownStallMs) {
      for (const worker of this.#fleet.values()) worker.heardMs = nowMs;
      this.#supervisors.excuse(nowMs);
    }
    this.#lastTickMs = nowMs;
    if (nowMs < this.#nextLookMs) return;
    this.#nextLookMs = nowMs + this.#heartbeatMs / 4;
    const silentHosts = this.#supervisors.silentHosts(nowMs - this.#heartbeatMs * hostHeartbeatsMissedMax);
    for (const worker of [...this.#fleet.values()]) this.#look(worker, silentHosts, nowMs);
  }

  #look(worker: WorkerSession, silentHosts: ReadonlySet<string>, nowMs: number): void {
    const silentMs = nowMs - worker.heardMs;
    // A worker whose own loop runs a call is silent meanwhile; the deadline sees to it. What runs beside the loop is no excuse.
    const mayBeSilent = worker.inline && worker.callCount > 0 && !silentHosts.has(worker.host);
    worker.silent = !mayBeSilent && !isHeard(worker, this.#heartbeatMs, nowMs);
    if (mayBeSilent || silentMs <= this.#heartbeatMs * heartbeatsMissedMax) return;
    this.#departures.kill(worker, `it was silent for ${Math.round(silentMs)} ms`, nowMs);
  }
}
