import { join } from 'node:path';
import { type SandboxState, SuperviseRequest, type SuperviseResponse } from '@relais/contracts';
import {
  type Clock,
  type Component,
  type Dial,
  type Link,
  type Logger,
  type MetricFamily,
  MetricRegistry,
  type MetricSource,
  randomHex,
  withLabel,
} from '@relais/kit';
import type { WorkerConfinement } from './confined-worker.js';
import { type RunningWorker, SupervisorFigures } from './supervisor-figures.js';
import { type ProcessExit, WorkerProcess } from './worker-process.js';
import type { WorkerPlan } from './worker-spec.js';

export interface SupervisorOptions {
  readonly host: string;
  /** File that a worker process runs. */
  readonly workerMain: string;
  /** One entry per worker to keep running; the id is the supervisor's to choose. */
  readonly workers: readonly WorkerPlan[];
  /** Workers beside those, ordered by the balancer, at once; an order for one more is not obeyed. */
  readonly sparesMax: number;
  /** Private folder in which each worker gets a scratch directory. */
  readonly scratchFolder: string;
  /** What workers run functions in; asked for each worker. */
  readonly sandbox: () => SandboxState;
  /** What workers of WASM are kept in; undefined where there is no sandbox. Asked for each worker. */
  readonly confinement: () => WorkerConfinement | undefined;
  readonly dial: Dial<SuperviseRequest, SuperviseResponse>;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Counts here what it does; nobody sees it when absent. */
  readonly metrics?: MetricRegistry;
}

const redialMs = 500;
/** A worker that ends sooner than this after its start is started again later each time. */
const stableMs = 5000;
const restartDelayMs = { first: 20, max: 5000 };
interface Place {
  /** First part of the ids of its workers. */
  readonly name: string;
  readonly spec: WorkerPlan;
  /** Not planned but ordered: empty for good when its worker has ended. */
  readonly spare: boolean;
  process: WorkerProcess | undefined;
  startedMs: number;
  delayMs: number;
}

/** Stands outside the data path: spawns worker processes, replaces the dead, kills on order, reports what had begun. */
export class Supervisor implements Component, MetricSource {
  readonly name = 'supervisor';
  readonly #options: SupervisorOptions;
  readonly #places: Place[];
  /** Part of every worker id, so that ids of two supervisors never meet. */
  readonly #tag = randomHex(3);
  readonly #figures: SupervisorFigures;
  #generation = 0;
  #link: Link<SuperviseRequest, SuperviseResponse> | undefined;
  #stopping = false;

  constructor(options: SupervisorOptions) {
    this.#options = options;
    this.#places = options.workers.map((spec, index) => placeFor(`w${index + 1}`, spec, false));
    this.#figures = new SupervisorFigures(options.metrics ?? new MetricRegistry(), () => this.#running());
  }

  /** Process ids of the workers that run now. */
  get pids(): number[] {
    return this.#places.flatMap((place) => (place.process ? [place.process.pid] : []));
  }

  /** What the workers say of themselves, told apart by the label "worker": the place, not the process that fills it. */
  families(): readonly MetricFamily[] {
    return this.#running().flatMap(({ place, families }) => withLabel(families, 'worker', place));
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
        const spareWorkerIds = this.#places.flatMap((place) => (place.spare ? idsAt(place) : []));
        link.send(SuperviseRequest.create({ hello: { host, pid: process.pid }, spareWorkerIds }));
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
      const place = this.#placeOf(workerId);
      if (!place?.process) continue;
      this.#options.logger.info({ workerId, pid: place.process.pid, reason }, 'killing a worker');
      place.process.kill();
    }
    for (const { likeWorkerId, reason } of orders.spares) this.#startSpare(likeWorkerId, reason);
  }

  #startSpare(likeWorkerId: string, reason: string): void {
    const { logger, sparesMax } = this.#options;
    const like = this.#placeOf(likeWorkerId);
    if (!like || this.#stopping) return;
    if (this.#places.filter(({ spare }) => spare).length >= sparesMax) {
      logger.warn({ like: likeWorkerId, reason, sparesMax }, 'not starting one more spare worker');
      return;
    }
    const place = placeFor('spare', like.spec, true);
    this.#places.push(place);
    this.#spawn(place);
    logger.info({ like: likeWorkerId, reason }, 'started a spare worker');
    this.#link?.send(SuperviseRequest.create({ spareWorkerIds: idsAt(place) }));
  }

  #running(): RunningWorker[] {
    let spares = 0;
    return this.#places.flatMap(({ name, process: worker, spare }) => {
      const place = spare ? `${name}${++spares}` : name;
      return worker ? [{ place, pid: worker.pid, families: worker.families }] : [];
    });
  }

  #placeOf(workerId: string): Place | undefined {
    return this.#places.find(({ process: worker }) => worker?.workerId === workerId);
  }

  #spawn(place: Place): void {
    if (this.#stopping) return;
    const { clock, confinement, logger, sandbox, scratchFolder, workerMain } = this.#options;
    this.#generation++;
    const workerId = `${place.name}-${this.#tag}-${this.#generation}`;
    const own = { workerId, sandbox: sandbox(), scratchDirectory: join(scratchFolder, workerId) };
    const start = { mainFile: workerMain, plan: place.spec, own, confinement: confinement(), clock };
    const worker = WorkerProcess.spawn(start);
    place.process = worker;
    place.startedMs = clock.nowMs();
    logger.debug({ workerId, workerPid: worker.pid }, 'started a worker');
    void worker.exited.then((exit) => this.#replace(place, exit));
  }

  #replace(place: Place, exit: ProcessExit): void {
    const { clock, logger } = this.#options;
    place.process = undefined;
    this.#figures.exited(place.name, exit.signal);
    const { workerId, exitCode, signal } = exit;
    this.#link?.send(
      SuperviseRequest.create({ exits: [{ workerId, exitCode, signal, begunJobIds: [...exit.begunJobIds] }] }),
    );
    if (place.spare) {
      this.#places.splice(this.#places.indexOf(place), 1);
      logger.info({ workerId, workerPid: exit.pid, exitCode, signal }, 'a spare worker ended');
      return;
    }
    if (this.#stopping) return;
    const lived = clock.nowMs() - place.startedMs;
    place.delayMs = lived >= stableMs ? restartDelayMs.first : Math.min(restartDelayMs.max, place.delayMs * 2);
    const why = exit.outOfMemory ? { outOfMemory: true } : {};
    const facts = { workerId, workerPid: exit.pid, exitCode, signal, ...why, restartInMs: place.delayMs };
    logger.warn(facts, 'a worker ended');
    clock.after(place.delayMs, () => this.#spawn(place));
  }
}

function placeFor(name: string, spec: WorkerPlan, spare: boolean): Place {
  return { name, spec, spare, process: undefined, startedMs: 0, delayMs: restartDelayMs.first };
}

function idsAt({ process: worker }: Place): string[] {
  return worker ? [worker.workerId] : [];
}
