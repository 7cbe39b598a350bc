import { type Job, WorkerEnd, type WorkerExit } from '@relais/contracts';
import { type Logger, traceField } from '@relais/kit';
import type { BalancerFigures } from '../balancer-figures.js';
import type { BalancerBounds } from '../bounds.js';
import type { AnswerDesk } from '../jobs/answer-desk.js';
import { movedTooOften, stoppedRunning, workerLost } from '../jobs/failures.js';
import type { JobEntry } from '../jobs/job-entry.js';
import { type Abandoned, type Dispatched, done } from '../jobs/job-state.js';
import type { Fleet } from '../workers/fleet.js';
import type { Supervisors } from '../workers/supervisors.js';
import type { WorkerSession } from '../workers/worker-session.js';
import type { Dispatcher } from './dispatcher.js';
import type { Retries } from './retries.js';

const lostWhy = 'was lost';

export interface DeparturesOptions {
  readonly bounds: BalancerBounds;
  readonly figures: BalancerFigures;
  readonly logger: Logger;
  readonly fleet: Fleet;
  readonly dispatcher: Dispatcher;
  readonly desk: AnswerDesk;
  readonly retries: Retries;
  readonly supervisors: Supervisors;
}

/**
 * What happens when a worker goes. Its link ends and its supervisor reports what it had begun, in either order; results it
 * sent before still count. When both are there, or after exitReportMs, its jobs are settled: what had not begun moves on,
 * what had (without a report: everything) is answered and not run again, unless that does no harm.
 */
export class Departures {
  readonly #options: DeparturesOptions;
  readonly #lost = new Set<WorkerSession>();

  constructor(options: DeparturesOptions) {
    this.#options = options;
  }

  /** Out of rotation now, killed by its supervisor, its jobs settled as of a lost worker; `job` is the one it is killed for. */
  kill(worker: WorkerSession, reason: string, nowMs: number, job?: Job): void {
    if (!inRotation(worker)) return;
    const fields = { workerId: worker.id, reason, ...(job && fieldsOf(job)) };
    this.#options.logger.warn(fields, 'ordering a worker to be killed');
    this.#options.supervisors.kill(worker, reason);
    this.#options.figures.killed.add();
    this.#lose(worker, `was killed because ${reason}`, nowMs);
  }

  /** Its id has attached anew. */
  replaced(worker: WorkerSession, nowMs: number): void {
    worker.closeLink();
    this.linkClosed(worker, nowMs);
  }

  linkClosed(worker: WorkerSession, nowMs: number): void {
    if (!worker.linkOpen) return;
    worker.linkOpen = false;
    if (worker.state.kind === 'closed') return;
    if (worker.jobs.size === 0) this.#settle(worker, 'left', nowMs);
    else if (worker.begunIds) this.#settle(worker, whyOf(worker), nowMs);
    else this.#lose(worker, whyOf(worker), nowMs);
  }

  /** A report counts for the sessions of that id: an id names one process. */
  report(exit: WorkerExit, nowMs: number): void {
    for (const worker of [...this.#lost, this.#options.fleet.get(exit.workerId)]) {
      if (worker?.id !== exit.workerId || worker.begunIds) continue;
      worker.begunIds = new Set(exit.begunJobIds);
      const why = whyOf(worker) === lostWhy ? endedWhy(exit) : whyOf(worker);
      if (!worker.linkOpen) this.#settle(worker, why, nowMs);
      else if (inRotation(worker)) this.#lose(worker, why, nowMs);
    }
  }

  /** Settles those whose time for a report is over. */
  tick(nowMs: number): void {
    for (const worker of this.#lost) {
      if (worker.state.kind === 'lost' && worker.state.untilMs <= nowMs) this.#settle(worker, worker.state.why, nowMs);
    }
  }

  /**
   * The balancer stops: nobody is waited for any longer. What was running is answered and workers are let go, to attach to
   * the next; those that may be blocked by a call cannot hear of it and are killed, for nobody would do so later.
   */
  dismissAll(nowMs: number): void {
    const { desk, dispatcher, fleet, supervisors } = this.#options;
    for (const worker of [...fleet.values(), ...this.#lost]) {
      if (worker.inline && worker.callCount > 0) supervisors.kill(worker, 'the balancer stops while it runs a call');
      fleet.retire(worker, nowMs);
      for (let entry = worker.jobs.tail; entry; entry = worker.jobs.tail) {
        const held = entry.state as Dispatched | Abandoned;
        dispatcher.release(entry, held, nowMs);
        if (held.kind === 'abandoned') desk.forget(entry);
        else desk.fail(entry, done, stoppedRunning(entry.fn), nowMs);
      }
      worker.close();
    }
    this.#lost.clear();
  }

  /** Out of rotation; what it had begun is being found out. The end of the link begins the wait anew, once. */
  #lose(worker: WorkerSession, why: string, nowMs: number): void {
    this.#options.fleet.retire(worker, nowMs);
    worker.state = { kind: 'lost', untilMs: nowMs + this.#options.bounds.exitReportMs, why };
    this.#lost.add(worker);
  }

  #settle(worker: WorkerSession, why: string, nowMs: number): void {
    const { dispatcher, fleet, logger } = this.#options;
    this.#lost.delete(worker);
    fleet.retire(worker, nowMs);
    const held = worker.jobs.size;
    if (held > 0) this.#options.figures.lost.add();
    // From the last to the first, so that those that go back to the front of their queue keep their order.
    for (let entry = worker.jobs.tail; entry; entry = worker.jobs.tail) this.#settleJob(worker, entry, why, nowMs);
    worker.close();
    logger.info({ workerId: worker.id, jobs: held, reported: worker.begunIds !== undefined }, `a worker ${why}`);
    dispatcher.pump(nowMs);
  }

  #settleJob(worker: WorkerSession, entry: JobEntry, why: string, nowMs: number): void {
    const { bounds, desk, dispatcher, logger, retries } = this.#options;
    const held = entry.state as Dispatched | Abandoned;
    dispatcher.release(entry, held, nowMs);
    if (held.kind === 'abandoned') {
      desk.forget(entry);
      return;
    }
    const failure = workerLost(entry.fn, why, entry.idempotent);
    const begun = entry.deliveredParts || !worker.begunIds || worker.begunIds.has(held.wireId);
    logger.info({ ...fieldsOf(entry.job), workerId: worker.id, begun }, 'a job was at a worker that went');
    if (begun && worker.inline) entry.fn.tookWorker(nowMs);
    if (begun) {
      if (!retries.take(entry, failure, nowMs)) desk.fail(entry, done, failure, nowMs);
    } else if (entry.moves >= bounds.movesMax) {
      desk.fail(entry, done, movedTooOften(entry.fn, entry.moves + 1), nowMs);
    } else {
      entry.moves++;
      this.#options.figures.moved.add();
      dispatcher.requeue(entry, nowMs);
      held.span.end(failure, nowMs);
    }
  }
}

function fieldsOf({ invocationId, traceparent }: Job) {
  return { invocationId, ...traceField(traceparent) };
}

function inRotation(worker: WorkerSession): boolean {
  return worker.state.kind === 'ready' || worker.state.kind === 'draining';
}

function whyOf(worker: WorkerSession): string {
  return worker.state.kind === 'lost' ? worker.state.why : lostWhy;
}

function endedWhy({ end, exitCode, signal }: WorkerExit): string {
  switch (end) {
    case WorkerEnd.WORKER_END_STOPPED:
      return 'was stopped by a signal and then killed';
    case WorkerEnd.WORKER_END_OUT_OF_MEMORY:
      return 'ran out of memory';
    default:
      return `ended (${signal || `exit code ${exitCode}`})`;
  }
}
