import type { JobResult } from '@relais/contracts';
import { Fault } from '@relais/contracts';
import type { Logger } from '@relais/kit';
import type { BalancerBounds } from '../bounds.js';
import type { Fleet } from './fleet.js';
import { PeerSlowness } from './peer-slowness.js';
import type { WorkerSession } from './worker-session.js';

export interface EjectionsOptions {
  readonly bounds: BalancerBounds;
  readonly logger: Logger;
  readonly fleet: Fleet;
  /** A worker came or went. */
  readonly changed: (nowMs: number) => void;
}

/** How often slowness is judged and slow starts go on. */
const lookEveryMs = 100;
/** An ejection is forgotten when as many times ejectMs have passed without another. */
const forgottenAfter = 10;

/**
 * Takes workers that fail or are slow out of rotation for a while, longer each time, and lets them back in slowly. Of the
 * workers that can do one thing at most half are out at once: what ails them all is not theirs.
 */
export class Ejections {
  readonly #options: EjectionsOptions;
  /** Out, or on their way back in. */
  readonly #recovering = new Set<WorkerSession>();
  #nextLookMs = 0;

  constructor(options: EjectionsOptions) {
    this.#options = options;
  }

  /** A worker has answered a job; expectedMs is what such a job takes over all workers. */
  observe(worker: WorkerSession, result: JobResult, runMs: number, expectedMs: number, nowMs: number): void {
    if (isItsFault(result)) {
      worker.health.failed();
      const fault = worker.health.fault(undefined, this.#options.bounds);
      if (fault) this.#eject(worker, fault, nowMs);
    } else {
      worker.health.answered(runMs, expectedMs);
    }
  }

  tick(nowMs: number): void {
    if (nowMs < this.#nextLookMs) return;
    this.#nextLookMs = nowMs + lookEveryMs;
    for (const worker of this.#recovering) this.#recover(worker, nowMs);
    const peers = new PeerSlowness(this.#options.fleet.values());
    for (const worker of this.#options.fleet.values()) this.#judge(worker, peers, nowMs);
  }

  #judge(worker: WorkerSession, peers: PeerSlowness, nowMs: number): void {
    const { slowness } = worker.health;
    if (slowness === undefined || worker.ejectedUntilMs > nowMs) return;
    const fault = worker.health.fault(peers.usualBeside(worker), this.#options.bounds);
    if (fault) this.#eject(worker, fault, nowMs);
    if (worker.health.slowness === undefined) peers.leave(worker, slowness);
  }

  #eject(worker: WorkerSession, fault: string, nowMs: number): void {
    const { bounds, changed, fleet, logger } = this.#options;
    if (worker.state.kind !== 'ready' || worker.ejectedUntilMs > nowMs || !this.#maySpare(worker, nowMs)) return;
    worker.ejections++;
    worker.ejectedUntilMs = nowMs + bounds.ejectMs * worker.ejections;
    worker.health.reset();
    this.#recovering.add(worker);
    logger.warn({ workerId: worker.id, forMs: bounds.ejectMs * worker.ejections }, `ejecting a worker: it ${fault}`);
    fleet.eject(worker, nowMs);
    changed(nowMs);
  }

  /** Back in with one slot, with all of them after slowStartMs. */
  #recover(worker: WorkerSession, nowMs: number): void {
    const { bounds } = this.#options;
    const backMs = nowMs - worker.ejectedUntilMs;
    if (worker.state.kind !== 'ready') this.#recovering.delete(worker);
    else if (backMs >= bounds.ejectMs * forgottenAfter) this.#forgive(worker);
    else if (backMs >= 0) {
      const slots = Math.floor((worker.credit * backMs) / bounds.slowStartMs);
      this.#admit(worker, Math.min(worker.credit, Math.max(1, slots)), nowMs);
    }
  }

  #admit(worker: WorkerSession, slots: number, nowMs: number): void {
    const { changed, fleet, logger } = this.#options;
    const isOut = fleet.isEjected(worker);
    if (!isOut && slots === worker.slots) return;
    if (isOut) logger.info({ workerId: worker.id, slots }, 'letting an ejected worker back in');
    fleet.admit(worker, slots, nowMs);
    changed(nowMs);
  }

  #forgive(worker: WorkerSession): void {
    this.#recovering.delete(worker);
    worker.ejections = 0;
  }

  /** Whether more than half would be left of those that can do each thing it does. */
  #maySpare(worker: WorkerSession, nowMs: number): boolean {
    const all = [...this.#options.fleet.values()].filter(({ state }) => state.kind === 'ready');
    return worker.languages.every(({ lang, runs, builds }) => {
      const able = all.filter(({ languages }) =>
        languages.some((other) => other.lang === lang && ((runs && other.runs) || (builds && other.builds))),
      );
      const out = able.filter(({ ejectedUntilMs }) => ejectedUntilMs > nowMs).length;
      return !(runs || builds) || (out + 1) * 2 <= able.length;
    });
  }
}

/** What the function or its caller did wrong, and what storage or we did, says nothing about the worker. */
function isItsFault({ outcome }: JobResult): boolean {
  if (outcome?.$case !== 'failure') return false;
  const { code, component, fault } = outcome.value;
  if (component !== '' && component !== 'worker') return false;
  return fault === Fault.FAULT_PLATFORM && (code === 'internal' || code === 'unavailable');
}
