import { SuperviseRequest, WorkerKind } from '@relais/contracts';

/** Until a worker that was ordered has started and attached. */
const startMs = 1500;

/**
 * A supervisor on simulated time, at the end of a real link's contract: it starts the workers of a fleet, lets go of those
 * that are drained, and starts them again on order, so that the balancer's own decisions make the fleet follow its load.
 */
export class SimulatedSupervisor {
  peer = 'balancer';
  startedCount = 0;
  #world;
  #balancer;
  #workers;
  #receiver;
  /** Workers that do not run, by kind. */
  #free;
  #generation = 0;
  #runningSinceMs = new Map();
  #workerMs = 0;

  /** world: `nowMs()` and `at(ms, callback)`; workers: SimulatedWorkers, none of which is attached. */
  constructor(world, workers) {
    this.#world = world;
    this.#workers = workers;
    this.#free = { true: [], false: [] };
  }

  /** Attaches to a balancer with all its workers; keptShare of each kind it never lets go. */
  attach(balancer, keptShare) {
    const kinds = [true, false].map((inline) => kindOf(inline, this.#of(inline), keptShare));
    balancer.attachSupervisor(this);
    const ordered = [];
    for (const { inline, kept } of kinds) {
      for (const [index, worker] of this.#of(inline).entries()) {
        const workerId = this.#run(worker, balancer);
        if (index >= kept) ordered.push({ workerId, inline });
      }
    }
    this.#balancer = balancer;
    this.#say({ hello: { host: 'simulated', pid: 1, kinds: kinds.filter(({ max }) => max > 0) }, ordered });
  }

  /** Workers that ran, on average since the last reset. */
  workersSince(sinceMs) {
    const nowMs = this.#world.nowMs();
    let sum = this.#workerMs;
    for (const fromMs of this.#runningSinceMs.values()) sum += nowMs - Math.max(fromMs, sinceMs);
    return sum / (nowMs - sinceMs);
  }

  /** What was so far counts no more. */
  reset() {
    this.#workerMs = 0;
    this.startedCount = 0;
    for (const worker of this.#runningSinceMs.keys()) this.#runningSinceMs.set(worker, this.#world.nowMs());
  }

  receive(receiver) {
    this.#receiver = receiver;
  }

  send({ starts }) {
    for (const { inline } of starts) {
      const worker = this.#free[inline].pop();
      if (worker) this.#start(worker, inline);
    }
  }

  close() {}

  #of(inline) {
    return this.#workers.filter((worker) => worker.inline === inline);
  }

  #start(worker, inline) {
    this.startedCount++;
    this.#generation++;
    const workerId = `${worker.id}-${this.#generation}`;
    this.#say({ ordered: [{ workerId, inline }] });
    this.#world.at(this.#world.nowMs() + startMs, () => this.#run(worker, this.#balancer, workerId));
  }

  #run(worker, balancer, workerId = worker.id) {
    this.#runningSinceMs.set(worker, this.#world.nowMs());
    worker.attach(balancer, workerId, () => this.#ended(worker, workerId));
    return workerId;
  }

  #ended(worker, workerId) {
    this.#workerMs += this.#world.nowMs() - this.#runningSinceMs.get(worker);
    this.#runningSinceMs.delete(worker);
    this.#free[worker.inline].push(worker);
    this.#say({ exits: [{ workerId, begunJobIds: [], exitCode: 0, signal: '' }] });
  }

  #say(frame) {
    this.#receiver.message(SuperviseRequest.fromPartial(frame));
  }
}

function kindOf(inline, workers, keptShare) {
  const lang = inline ? 'c' : 'python';
  const count = workers.length;
  const slots = Math.max(1, Math.round(workers.reduce((sum, worker) => sum + worker.slots, 0) / Math.max(1, count)));
  const kept = Math.ceil(count * keptShare);
  return WorkerKind.fromPartial({ inline, kept, usual: count, max: count, slots, runs: [lang] });
}
