import {
  DrainWorkerResponse,
  type GetStatusResponse,
  type LanguageSupport,
  type SetStrategyResponse,
  type Worker,
  WorkerState,
} from '@relais/contracts';
import { RelaisError } from '@relais/kit';
import type { Dispatcher } from '../scheduling/dispatcher.js';
import type { WireIds } from '../scheduling/wire-ids.js';
import { type Pickers, pickerOf } from '../strategies/catalog.js';
import type { Fleet } from '../workers/fleet.js';
import type { Startable } from '../workers/startable.js';
import type { WorkerSession } from '../workers/worker-session.js';

/** Answers what may be asked of the fleet. */
export class FleetDesk {
  readonly #fleet: Fleet;
  readonly #startable: Startable;
  readonly #dispatcher: Dispatcher;
  readonly #wireIds: WireIds;
  readonly #pickers: Pickers;

  constructor(fleet: Fleet, startable: Startable, dispatcher: Dispatcher, wireIds: WireIds, pickers: Pickers) {
    this.#fleet = fleet;
    this.#startable = startable;
    this.#dispatcher = dispatcher;
    this.#wireIds = wireIds;
    this.#pickers = pickers;
  }

  status(): GetStatusResponse {
    const ready = [...this.#fleet.values()].filter(
      (worker) => worker.state.kind === 'ready' && !this.#fleet.isEjected(worker),
    );
    return {
      strategy: this.#pickers.common.name,
      workersReady: ready.length,
      jobsQueued: this.#dispatcher.queuedCount,
      jobsRunning: this.#wireIds.size,
      workersOnDemand: this.#startable.count,
    };
  }

  workers(nowMs: number): Worker[] {
    return [...this.#fleet.values()].map((worker) => describe(worker, nowMs));
  }

  languages(): LanguageSupport[] {
    return this.#fleet.languages(this.#startable.languages());
  }

  /** Throws not_found. */
  drain(workerId: string, nowMs: number): DrainWorkerResponse {
    const worker = this.#fleet.get(workerId);
    if (!worker) {
      throw new RelaisError('not_found', `There is no worker "${workerId}"; list the workers to see which there are.`, {
        component: 'balancer',
        reason: 'unknown_worker',
      });
    }
    this.#fleet.drain(worker, nowMs);
    return DrainWorkerResponse.create();
  }

  /** Throws invalid_argument with the list of strategies. */
  setStrategy(name: string): SetStrategyResponse {
    const picker = pickerOf(name);
    const previousStrategy = this.#pickers.common.name;
    this.#pickers.common = picker;
    return { strategy: picker.name, previousStrategy };
  }
}

function describe(worker: WorkerSession, nowMs: number): Worker {
  const ejectedForMs = Math.max(0, Math.ceil(worker.ejectedUntilMs - nowMs));
  return {
    id: worker.id,
    pid: worker.pid,
    host: worker.host,
    languages: worker.languages.filter((support) => support.runs).map((support) => support.lang),
    builds: worker.languages.filter((support) => support.builds).map((support) => support.lang),
    slots: worker.slots,
    running: worker.jobCount,
    state: stateOf(worker, ejectedForMs),
    attachedAt: worker.attachedAt,
    jobsDone: worker.jobsDone,
    weight: worker.weight,
    outstandingMs: worker.outstandingMs,
    sandbox: worker.sandbox,
    ejectedForMs,
    ejections: worker.ejections,
  };
}

function stateOf({ state }: WorkerSession, ejectedForMs: number): WorkerState {
  if (state.kind !== 'ready') return WorkerState.WORKER_STATE_DRAINING;
  return ejectedForMs > 0 ? WorkerState.WORKER_STATE_EJECTED : WorkerState.WORKER_STATE_READY;
}
