import type { SuperviseRequest, SuperviseResponse, WorkerExit } from '@relais/contracts';
import type { Clock, Link, Logger } from '@relais/kit';
import type { WorkerSession } from './worker-session.js';

interface PendingKill {
  readonly host: string;
  readonly reason: string;
}

const pendingKillsMax = 1000;

export interface SupervisorsOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  /** A link without hello is closed after this long. */
  readonly helloMs: number;
  readonly exited: (exit: WorkerExit) => void;
  readonly spareStarted: (workerId: string, host: string) => void;
}

/**
 * The supervisors of worker processes, by host. An order to kill goes to every supervisor of the worker's host; while a
 * host has none it is kept (the last 1000) and sent to the next that attaches, so that no runaway worker is forgotten.
 */
export class Supervisors {
  readonly #options: SupervisorsOptions;
  readonly #links = new Map<Link<SuperviseResponse, SuperviseRequest>, string | undefined>();
  readonly #pending = new Map<string, PendingKill>();

  constructor(options: SupervisorsOptions) {
    this.#options = options;
  }

  attach(link: Link<SuperviseResponse, SuperviseRequest>): void {
    this.#links.set(link, undefined);
    const endWait = this.#options.clock.after(this.#options.helloMs, () => link.close());
    link.receive({
      message: (frame) => {
        endWait();
        this.#receive(link, frame);
      },
      closed: () => {
        endWait();
        this.#links.delete(link);
      },
    });
  }

  kill(worker: WorkerSession, reason: string): void {
    const { id, host } = worker;
    const links = this.#of(host);
    for (const link of links) link.send({ kills: [{ workerId: id, reason }], spares: [] });
    if (links.length > 0) return;
    this.#options.logger.warn({ workerId: id, host }, 'no supervisor is attached to kill this worker');
    if (this.#pending.size < pendingKillsMax) this.#pending.set(id, { host, reason });
  }

  /** Orders one more worker like this one; it comes or it does not. */
  startSpare(like: WorkerSession, reason: string): void {
    for (const link of this.#of(like.host)) link.send({ kills: [], spares: [{ likeWorkerId: like.id, reason }] });
  }

  /** The worker has shown itself alive: an order that nobody could carry out is void. */
  forgive(workerId: string): void {
    this.#pending.delete(workerId);
  }

  close(): void {
    for (const link of this.#links.keys()) link.close();
  }

  #of(host: string): Link<SuperviseResponse, SuperviseRequest>[] {
    return [...this.#links].filter(([, ofHost]) => ofHost === host).map(([link]) => link);
  }

  #receive(link: Link<SuperviseResponse, SuperviseRequest>, frame: SuperviseRequest): void {
    if (this.#links.get(link) === undefined) {
      if (!frame.hello) {
        this.#options.logger.warn({ peer: link.peer }, 'a supervisor did not begin with hello');
        link.close();
        return;
      }
      this.#links.set(link, frame.hello.host);
      this.#sendPending(link, frame.hello.host);
    }
    const host = this.#links.get(link) ?? '';
    for (const workerId of frame.spareWorkerIds) this.#options.spareStarted(workerId, host);
    for (const exit of frame.exits) {
      this.#pending.delete(exit.workerId);
      this.#options.exited(exit);
    }
  }

  #sendPending(link: Link<SuperviseResponse, SuperviseRequest>, host: string): void {
    for (const [workerId, kill] of this.#pending) {
      if (kill.host !== host) continue;
      this.#pending.delete(workerId);
      link.send({ kills: [{ workerId, reason: kill.reason }], spares: [] });
    }
  }
}
