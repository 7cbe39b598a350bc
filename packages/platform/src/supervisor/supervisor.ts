import { join } from 'node:path';
import { SuperviseRequest, type SuperviseResponse } from '@relais/contracts';
import { type Clock, type Component, type Dial, type Link, type Logger, randomHex } from '@relais/kit';
import { type ProcessExit, WorkerProcess } from './worker-process.js';
import type { WorkerPlan } from './worker-spec.js';

export interface SupervisorOptions {
  readonly host: string;
  /** File that a worker process runs. */
  readonly workerMain: string;
  /** One entry per worker to keep running; the id is the supervisor's to choose. */
  readonly workers: readonly WorkerPlan[];
  /** Private folder in which each worker gets a scratch directory. */
  readonly scratchFolder: string;
  readonly dial: Dial<SuperviseRequest, SuperviseResponse>;
  readonly clock: Clock;
  readonly logger: Logger;
}

const redialMs = 500;
/** A worker that ends sooner than this after its start is started again later each time. */
const stableMs = 5000;
const restartDelayMs = { first: 20, max: 5000 };

interface Place {
  readonly index: number;
  readonly spec: WorkerPlan;
  process: WorkerProcess | undefined;
  startedMs: number;
  delayMs: number;
}

/** Stands outside the data path: spawns worker processes, replaces the dead, kills on order, reports what had begun. */
export class Supervisor implements Component {
  readonly name = 'supervisor';
  readonly #options: SupervisorOptions;
  readonly #places: Place[];
  /** Part of every worker id, so that ids of two supervisors never meet. */
  readonly #tag = randomHex(3);
  #generation = 0;
  #link: Link<SuperviseRequest, SuperviseResponse> | undefined;
  #stopping = false;

  constructor(options: SupervisorOptions) {
    this.#options = options;
    this.#places = options.workers.map((spec, index) => ({
      index,
      spec,
      process: undefined,
      startedMs: 0,
      delayMs: restartDelayMs.first,
    }));
  }

  /** Process ids of the workers that run now. */
  get pids(): number[] {
    return this.#places.flatMap((place) => (place.process ? [place.process.pid] : []));
  }

  async start(): Promise<void> {
    void this.#connect();
    for (const place of this.#places) this.#spawn(place);
  }

  async stop(graceMs: number): Promise<void> {
    this.#stopping = true;
    const running = this.#places.flatMap((place) => (place.process ? [place.process] : []));
    for (const worker of running) worker.terminate();
    const endKill = this.#options.clock.after(graceMs, () => {
      for (const worker of running) worker.kill();
    });
    await Promise.all(running.map((worker) => worker.exited));
    endKill();
    this.#link?.close();
  }

  async #connect(): Promise<void> {
    const { clock, dial, host, logger } = this.#options;
    while (!this.#stopping) {
      try {
        const link = await dial();
        this.#link = link;
        const closed = new Promise<void>((resolve) => {
          link.receive({ message: (orders) => this.#obey(orders), closed: () => resolve() });
        });
        link.send(SuperviseRequest.create({ hello: { host, pid: process.pid } }));
        await closed;
        this.#link = undefined;
      } catch (error) {
        logger.debug({ error: String(error) }, 'cannot reach the balancer, will try again');
      }
      await new Promise<void>((resolve) => clock.after(redialMs, resolve));
    }
  }

  #obey(orders: SuperviseResponse): void {
    for (const { workerId, reason } of orders.kills) {
      const place = this.#places.find(({ process: worker }) => worker?.spec.workerId === workerId);
      if (!place?.process) continue;
      this.#options.logger.info({ workerId, pid: place.process.pid, reason }, 'killing a worker');
      place.process.kill();
    }
  }

  #spawn(place: Place): void {
    if (this.#stopping) return;
    const { clock, logger, scratchFolder, workerMain } = this.#options;
    this.#generation++;
    const workerId = `w${place.index + 1}-${this.#tag}-${this.#generation}`;
    const worker = WorkerProcess.spawn(workerMain, place.spec, workerId, join(scratchFolder, workerId));
    place.process = worker;
    place.startedMs = clock.nowMs();
    logger.debug({ workerId, workerPid: worker.pid }, 'started a worker');
    void worker.exited.then((exit) => this.#replace(place, exit));
  }

  #replace(place: Place, exit: ProcessExit): void {
    const { clock, logger } = this.#options;
    place.process = undefined;
    const { workerId, exitCode, signal } = exit;
    this.#link?.send(
      SuperviseRequest.create({ exits: [{ workerId, exitCode, signal, begunJobIds: [...exit.begunJobIds] }] }),
    );
    if (this.#stopping) return;
    const lived = clock.nowMs() - place.startedMs;
    place.delayMs = lived >= stableMs ? restartDelayMs.first : Math.min(restartDelayMs.max, place.delayMs * 2);
    logger.warn({ workerId, workerPid: exit.pid, exitCode, signal, restartInMs: place.delayMs }, 'a worker ended');
    clock.after(place.delayMs, () => this.#spawn(place));
  }
}
