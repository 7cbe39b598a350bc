import { join } from 'node:path';
import {
  type OrderedWorker,
  type SandboxState,
  SuperviseRequest,
  type SuperviseResponse,
  WorkerEnd,
  type WorkerKind,
} from '@relais/contracts';
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
import { ProcessorTime } from './processor-time.js';
import { type HowItEnded, RestartDelay } from './restart-delay.js';
import { StoppedWorkers } from './stopped-workers.js';
import { type RunningWorker, SupervisorFigures } from './supervisor-figures.js';
import { type ProcessExit, WorkerProcess } from './worker-process.js';
import type { KindPlan } from './worker-spec.js';

export interface SupervisorOptions {
  readonly host: string;
  /** File that a worker process runs. */
  readonly workerMain: string;
  /** And the process of a worker's threads. */
  readonly threadsMain: string;
  /** What it runs; ids are the supervisor's to choose. At most one of workers that are wasmOnly and one of others. */
  readonly kinds: readonly KindPlan[];
  /** Private folder in which each worker gets a scratch directory. */
  readonly scratchFolder: string;
  /** What workers run functions in; asked for each worker. */
  readonly sandbox: () => SandboxState;
  /** What workers of WASM are kept in; undefined where there is no sandbox. Asked for each worker. */
  readonly confinement: () => WorkerConfinement | undefined;
  /** Processors that functions leave to others now. */
  readonly leftToOthers?: () => readonly number[];
  readonly dial: Dial<SuperviseRequest, SuperviseResponse>;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Counts here what it does; nobody sees it when absent. */
  readonly metrics?: MetricRegistry;
}

const redialMs = 500;
const heartbeatMs = 1000;
/** How often processors and workers are looked at. */
const lookEveryMs = 500;
/** Places beyond the usual are told apart by number alone. */
const spareName = 'spare';

interface Place {
  /** First part of the ids of its workers. */
  readonly name: string;
  readonly kind: KindPlan;
  /** Whether its worker is replaced when it ends; else the place is given up then. */
  readonly kept: boolean;
  process: WorkerProcess | undefined;
  startedMs: number;
  readonly restartDelay: RestartDelay;
}

const neverRan: HowItEnded = { signal: '', outOfMemory: false };

/** Stands outside the data path: spawns worker processes, replaces the dead, kills on order, reports what had begun. */
export class Supervisor implements Component, MetricSource {
  readonly name = 'supervisor';
  readonly #options: SupervisorOptions;
  readonly #places: Place[];
  /** Part of every worker id, so that ids of two supervisors never meet. */
  readonly #tag = randomHex(3);
  readonly #figures: SupervisorFigures;
  readonly #processors: ProcessorTime;
  readonly #stopped = new StoppedWorkers<WorkerProcess>();
  #stopWatching: (() => void) | undefined;
  #stopHeartbeat: (() => void) | undefined;
  #generation = 0;
  #link: Link<SuperviseRequest, SuperviseResponse> | undefined;
  #stopping = false;

  constructor(options: SupervisorOptions) {
    this.#options = options;
    const planned = options.kinds.flatMap((kind) =>
      Array.from({ length: kind.usual }, (_, index) => ({ kind, kept: index < kind.kept })),
    );
    this.#places = planned.map(({ kind, kept }, index) => placeFor(`w${index + 1}`, kind, kept));
    this.#processors = new ProcessorTime();
    this.#figures = new SupervisorFigures(options.metrics ?? new MetricRegistry(), () => this.#running());
  }

  /** Process ids of the workers that run now. */
  get pids(): number[] {
    return this.#processes.map(({ pid }) => pid);
  }

  /** What the workers say of themselves, told apart by the label "worker": the place, not the process that fills it. */
  families(): readonly MetricFamily[] {
    return this.#running().flatMap(({ place, families }) => withLabel(families, 'worker', place));
  }

  async start(): Promise<void> {
    void this.#connect();
    for (const place of [...this.#places]) this.#spawn(place);
    this.#stopWatching = this.#options.clock.every(lookEveryMs, () => {
      this.#watchProcessors();
      this.#killStopped();
    });
    // By nothing else is it known whether this host is there while its workers are busy and silent.
    this.#stopHeartbeat = this.#options.clock.every(heartbeatMs, () => this.#link?.send(SuperviseRequest.create()));
  }

  async stop(graceMs: number): Promise<void> {
    this.#stopping = true;
    this.#stopWatching?.();
    const running = this.#processes;
    for (const worker of running) worker.terminate();
    const endKill = this.#options.clock.after(graceMs, () => {
      for (const worker of running) worker.kill();
    });
    await Promise.all(running.map((worker) => worker.exited));
    endKill();
    this.#stopHeartbeat?.();
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
        const kinds = this.#options.kinds.map(kindAsTold);
        const ordered = this.#places.flatMap((place) => (place.kept ? [] : orderedAt(place)));
        const saturated = this.#processors.saturated;
        link.send(SuperviseRequest.create({ hello: { host, pid: process.pid, kinds }, ordered, saturated }));
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
    for (const { inline, reason } of orders.starts) this.#startOne(inline, reason);
  }

  #startOne(inline: boolean, reason: string): void {
    const { kinds, logger } = this.#options;
    const kind = kinds.find(({ plan }) => plan.wasmOnly === inline);
    if (!kind || this.#stopping) return;
    if (this.#places.filter((place) => place.kind === kind).length >= kind.max) {
      logger.warn({ inline, reason, max: kind.max }, 'not starting one more worker');
      return;
    }
    const place = placeFor(spareName, kind, false);
    this.#places.push(place);
    this.#spawn(place);
    if (!place.process) return;
    logger.info({ inline, reason }, 'started one more worker');
    this.#link?.send(SuperviseRequest.create({ ordered: orderedAt(place) }));
  }

  #watchProcessors(): void {
    const left = this.#options.leftToOthers?.() ?? [];
    if (this.#processors.look(left))
      this.#link?.send(SuperviseRequest.create({ saturated: this.#processors.saturated }));
  }

  /** By silence the balancer would find them too, but only after some heartbeats, for which their calls would wait. */
  #killStopped(): void {
    for (const worker of this.#stopped.look(this.#processes)) {
      this.#options.logger.warn(
        { workerId: worker.workerId, pid: worker.pid },
        'killing a worker that a signal has stopped',
      );
      worker.killStopped();
    }
  }

  get #processes(): WorkerProcess[] {
    return this.#places.flatMap((place) => (place.process ? [place.process] : []));
  }

  #running(): RunningWorker[] {
    let spares = 0;
    return this.#places.flatMap(({ name, process: worker }) => {
      const place = name === spareName ? `${name}${++spares}` : name;
      return worker ? [{ place, pids: worker.pids, families: worker.families }] : [];
    });
  }

  #placeOf(workerId: string): Place | undefined {
    return this.#places.find(({ process: worker }) => worker?.workerId === workerId);
  }

  #spawn(place: Place): void {
    if (this.#stopping) return;
    const { clock, logger } = this.#options;
    this.#generation++;
    const workerId = `${place.name}-${this.#tag}-${this.#generation}`;
    place.startedMs = clock.nowMs();
    try {
      const worker = this.#processOf(place, workerId);
      place.process = worker;
      logger.debug({ workerId, workerPid: worker.pid }, 'started a worker');
      void worker.exited.then((exit) => this.#replace(place, exit));
    } catch (error) {
      logger.warn({ workerId, error: String(error), ...this.#vacate(place, neverRan) }, 'cannot start a worker');
    }
  }

  #processOf({ kind: { plan } }: Place, workerId: string): WorkerProcess {
    const {
      clock,
      confinement,
      sandbox,
      scratchFolder,
      threadsMain: threadsFile,
      workerMain: mainFile,
    } = this.#options;
    const toolsDirectory = plan.wasmOnly ? '' : join(scratchFolder, 'tools');
    const own = { workerId, sandbox: sandbox(), toolsDirectory, scratchDirectory: join(scratchFolder, workerId) };
    return WorkerProcess.spawn({ mainFile, threadsFile, plan, own, confinement: confinement(), clock });
  }

  #replace(place: Place, exit: ProcessExit): void {
    place.process = undefined;
    this.#figures.exited(place.name, exit.signal);
    const { workerId, exitCode, signal, startFailure } = exit;
    const report = { workerId, exitCode, signal, begunJobIds: [...exit.begunJobIds], end: endOf(exit) };
    this.#link?.send(SuperviseRequest.create({ exits: [report] }));
    const next = this.#vacate(place, exit);
    const why = { ...(exit.outOfMemory && { outOfMemory: true }), ...(startFailure && { error: startFailure }) };
    const facts = { workerId, workerPid: exit.pid, exitCode, signal, ...why, ...next };
    const { logger } = this.#options;
    if (startFailure) logger.warn(facts, 'cannot start a worker');
    else if (!place.kept) logger.info(facts, 'a worker ended that need not be kept');
    else if (next) logger.warn(facts, 'a worker ended');
  }

  /** Gives up a place that is not kept; one that is gets a worker again. */
  #vacate(place: Place, exit: HowItEnded): { readonly restartInMs: number } | undefined {
    if (!place.kept) this.#places.splice(this.#places.indexOf(place), 1);
    if (!place.kept || this.#stopping) return undefined;
    const { clock } = this.#options;
    const restartInMs = place.restartDelay.next(clock.nowMs() - place.startedMs, exit);
    clock.after(restartInMs, () => this.#spawn(place));
    return { restartInMs };
  }
}

function placeFor(name: string, kind: KindPlan, kept: boolean): Place {
  return { name, kind, kept, process: undefined, startedMs: 0, restartDelay: new RestartDelay() };
}

function orderedAt({ kind, process: worker }: Place): OrderedWorker[] {
  return worker ? [{ workerId: worker.workerId, inline: kind.plan.wasmOnly }] : [];
}

function kindAsTold({ plan, kept, usual, max }: KindPlan): WorkerKind {
  const { builds, runs, slots, wasmOnly } = plan;
  return { inline: wasmOnly, kept, usual, max, slots, runs: [...runs], builds: [...builds] };
}

function endOf({ outOfMemory, wasStopped }: ProcessExit): WorkerEnd {
  if (wasStopped) return WorkerEnd.WORKER_END_STOPPED;
  return outOfMemory ? WorkerEnd.WORKER_END_OUT_OF_MEMORY : WorkerEnd.WORKER_END_UNSPECIFIED;
}
