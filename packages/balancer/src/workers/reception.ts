import type {
  AttachRequest,
  AttachResponse,
  SuperviseRequest,
  SuperviseResponse,
  WorkerHello,
} from '@relais/contracts';
import type { Clock, Link, Logger } from '@relais/kit';
import type { BalancerBounds } from '../bounds.js';
import type { Scheduler } from '../scheduling/scheduler.js';
import { WorkerSession } from './worker-session.js';

export interface ReceptionOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly bounds: BalancerBounds;
  readonly scheduler: Scheduler;
}

/** Lets workers and supervisors in. */
export class Reception {
  readonly #options: ReceptionOptions;
  /** Links that have not said hello yet. */
  readonly #waiting = new Set<Link<AttachResponse, AttachRequest>>();
  #attachCount = 0;
  #closed = false;

  constructor(options: ReceptionOptions) {
    this.#options = options;
  }

  attachWorker(link: Link<AttachResponse, AttachRequest>): void {
    const { clock, bounds, scheduler } = this.#options;
    if (this.#closed) {
      link.receive({ message: () => {}, closed: () => {} });
      link.close();
      return;
    }
    let worker: WorkerSession | undefined;
    let greeted = false;
    this.#waiting.add(link);
    const endWait = clock.after(bounds.helloMs, () => link.close());
    link.receive({
      message: (frame) => {
        if (!greeted) {
          greeted = true;
          endWait();
          this.#waiting.delete(link);
          worker = this.#greet(link, frame.hello);
        }
        if (worker) scheduler.results.receive(worker, frame, clock.nowMs());
      },
      closed: () => {
        endWait();
        this.#waiting.delete(link);
        if (worker) scheduler.departures.linkClosed(worker, clock.nowMs());
      },
    });
  }

  attachSupervisor(link: Link<SuperviseResponse, SuperviseRequest>): void {
    this.#options.scheduler.supervisors.attach(link);
    if (this.#closed) link.close();
  }

  /** Lets everyone out and no one in. */
  close(): void {
    this.#closed = true;
    for (const link of this.#waiting) link.close();
    this.#options.scheduler.supervisors.close();
  }

  #greet(link: Link<AttachResponse, AttachRequest>, hello: WorkerHello | undefined): WorkerSession | undefined {
    const { bounds, clock, logger, scheduler } = this.#options;
    const wrong = whatIsWrong(hello, scheduler.fleet.size, bounds.workersMax);
    if (wrong || !hello) {
      logger.warn({ peer: link.peer, workerId: hello?.workerId }, `turned a worker away: ${wrong}`);
      link.close();
      return undefined;
    }
    const nowMs = clock.nowMs();
    const old = scheduler.fleet.get(hello.workerId);
    if (old) scheduler.departures.replaced(old, nowMs);
    scheduler.supervisors.forgive(hello.workerId);
    this.#attachCount++;
    const worker = new WorkerSession({
      hello,
      link,
      slotsMax: bounds.slotsMax,
      stalledMs: bounds.stalledMs,
      attachOrder: this.#attachCount,
      nowMs,
      wallMs: clock.wallMs(),
    });
    scheduler.fleet.add(worker, nowMs);
    scheduler.startable.saw(worker);
    logger.info({ workerId: worker.id, workerPid: worker.pid, slots: worker.slots }, 'a worker attached');
    scheduler.dispatcher.pump(nowMs);
    return worker;
  }
}

function whatIsWrong(hello: WorkerHello | undefined, workerCount: number, workersMax: number): string | undefined {
  if (!hello) return 'its first frame had no hello';
  if (hello.workerId === '') return 'it has no id';
  if (hello.slots < 1) return 'it has no slots';
  if (hello.languages.length > languagesMax) return `it has more than ${languagesMax} languages`;
  if (workerCount >= workersMax) return `there are ${workersMax} workers already`;
  return undefined;
}

const languagesMax = 64;
