import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import type { Clock, MetricFamily } from '@relais/kit';
import { type ControlGroup, readBegunJournal, removeTree, reserveBegunJournal } from '@relais/worker';
import { youngGenerationFlags } from '../young-generation.js';
import { confinedCommand, confinedPlan, groupOf, innerPid, type WorkerConfinement } from './confined-worker.js';
import { FiguresReader } from './figures-reader.js';
import { ThreadsProcess } from './threads-process.js';
import { figuresFd, threadsFd, type WorkerPlan, type WorkerSpec } from './worker-spec.js';

export interface ProcessExit {
  readonly workerId: string;
  readonly pid: number;
  /** 0 when it ended by a signal. */
  readonly exitCode: number;
  /** Empty when it ended by itself. */
  readonly signal: string;
  /** Jobs it had begun, answered or not. */
  readonly begunJobIds: readonly number[];
  /** Whether the kernel killed it for want of memory, as far as that is known. */
  readonly outOfMemory: boolean;
  /** Whether it was killed because a signal had stopped it. */
  readonly wasStopped: boolean;
  /** Why it never ran; undefined when it did. */
  readonly startFailure: string | undefined;
}

// Ends the worker when its supervisor dies, even in an endless loop. Part of util-linux; without it a worker still
// leaves when its standard input closes, as soon as its loop gets to look.
const setpriv = '/usr/bin/setpriv';
const dieWithParent = existsSync(setpriv) ? [setpriv, '--pdeathsig', 'KILL', '--'] : [];

/**
 * Whatever functions compute in a worker's own loop, the roles that take, refuse and answer calls get three times the processor
 * time, where no group sees to it. Not lower: a worker must be heard on a machine that has other work too. One that only hands calls
 * on is such a role itself.
 */
const nicenessWithFunctions = 5;

/** What each worker has of its own beside its plan. */
export type WorkerOwn = Pick<WorkerSpec, 'workerId' | 'sandbox' | 'toolsDirectory' | 'scratchDirectory'>;

export interface WorkerStart {
  /** File that it runs. */
  readonly mainFile: string;
  /** And the process of its threads, where it is a worker of WASM. */
  readonly threadsFile: string;
  readonly plan: WorkerPlan;
  readonly own: WorkerOwn;
  /** What a worker that holds nothing but WASM is kept in; undefined without a sandbox. */
  readonly confinement: WorkerConfinement | undefined;
  readonly clock: Clock;
}

type End = Pick<ProcessExit, 'exitCode' | 'signal' | 'startFailure'>;

/** One supervised worker process: begun by `spawn`, gone when `exited` resolves. */
export class WorkerProcess {
  readonly workerId: string;
  readonly exited: Promise<ProcessExit>;
  readonly #start: WorkerStart;
  readonly #child: ChildProcess;
  readonly #journal: number;
  readonly #group: ControlGroup | undefined;
  readonly #threads: ThreadsProcess | undefined;
  readonly #figures = new FiguresReader();
  #wasStopped = false;
  /** Of the worker itself; in a sandbox it is known a moment after the start. */
  #pid: number;

  private constructor(start: WorkerStart, child: ChildProcess, { group, journal, threads }: WorkerParts) {
    this.#group = group;
    this.#threads = threads;
    this.workerId = start.own.workerId;
    this.#start = start;
    this.#pid = child.pid ?? 0;
    this.#child = child;
    this.#journal = journal;
    // Without descriptors left there is a child that has no streams, and soon an error.
    const streams: ChildProcess['stdio'] | undefined = child.stdio;
    (streams?.[figuresFd] as Readable | null | undefined)?.on('data', (chunk: Buffer) => this.#figures.push(chunk));
    this.exited = new Promise((resolve) => {
      const ended = async (end: End) => {
        this.#threads?.kill();
        await this.#threads?.exited;
        resolve(this.#ended(end));
      };
      child.once('error', (error) => void ended({ exitCode: 1, signal: '', startFailure: String(error) }));
      child.once(
        'exit',
        (code, signal) => void ended({ exitCode: code ?? 0, signal: signal ?? '', startFailure: undefined }),
      );
    });
  }

  /**
   * Starts `node mainFile` and hands it its spec. The journal is an unlinked file: nothing is left behind. Throws when the
   * machine lacks something that it takes, and leaves nothing behind then either.
   */
  static spawn(given: WorkerStart): WorkerProcess {
    const start = given.plan.wasmOnly ? given : { ...given, confinement: undefined };
    const { scratchDirectory } = start.own;
    mkdirSync(scratchDirectory, { mode: 0o700 });
    let journal: number | undefined;
    let group: ControlGroup | undefined;
    let threads: ThreadsProcess | undefined;
    try {
      const path = join(scratchDirectory, 'journal');
      journal = openSync(path, 'wx+', 0o600);
      unlinkSync(path);
      reserveBegunJournal(journal);
      group = groupOf(start.confinement?.groups);
      threads = threadsOf(start);
      const parts = { group, journal, threads };
      const worker = new WorkerProcess(start, childOf(start, parts), parts);
      threads?.socket?.destroy();
      void worker.#tellSpec();
      return worker;
    } catch (error) {
      if (journal !== undefined) closeSync(journal);
      void group?.remove();
      threads?.kill();
      threads?.socket?.destroy();
      removeTree(scratchDirectory);
      throw error;
    }
  }

  get pid(): number {
    return this.#pid;
  }

  /** Of the worker and of what it has beside it. */
  get pids(): readonly number[] {
    return [this.#pid, ...(this.#threads?.pid ? [this.#threads.pid] : [])];
  }

  /** What it last said of itself; empty before the first time. */
  get families(): readonly MetricFamily[] {
    return this.#figures.families;
  }

  terminate(): void {
    try {
      process.kill(this.#pid, 'SIGTERM');
    } catch {
      // It has ended.
    }
  }

  kill(): void {
    this.#child.kill('SIGKILL');
  }

  /** Kills one that a signal has stopped, and says so of how it ended. */
  killStopped(): void {
    this.#wasStopped = true;
    this.kill();
  }

  async #tellSpec(): Promise<void> {
    const { clock, confinement, own, plan } = this.#start;
    if (confinement) this.#pid = await innerPid(this.#pid, clock);
    const spec: WorkerSpec = {
      ...(confinement ? confinedPlan(plan, confinement) : plan),
      ...own,
      pid: this.#pid,
      confined: confinement !== undefined,
      niceness: plan.wasmOnly && !this.#group?.hasCpuPart ? nicenessWithFunctions : 0,
    };
    this.#child.stdin?.write(`${JSON.stringify(spec)}\n`);
  }

  #ended(end: End): ProcessExit {
    const { confinement, own } = this.#start;
    const begunJobIds = readBegunJournal(this.#journal);
    closeSync(this.#journal);
    removeTree(own.scratchDirectory);
    const { exitCode, signal } = confinement ? confinement.sandbox.exitOf(end) : end;
    const { startFailure } = end;
    const outOfMemory = (this.#group?.hits().memory || this.#threads?.outOfMemory) ?? false;
    void this.#group?.remove();
    const how = { exitCode, signal, outOfMemory, wasStopped: this.#wasStopped, startFailure };
    return { workerId: this.workerId, pid: this.#pid, begunJobIds, ...how };
  }
}

/** What a worker process is made with. */
interface WorkerParts {
  readonly journal: number;
  readonly group: ControlGroup | undefined;
  readonly threads: ThreadsProcess | undefined;
}

function threadsOf({ clock, confinement, plan, threadsFile: mainFile }: WorkerStart): ThreadsProcess | undefined {
  if (!plan.wasmOnly) return undefined;
  return new ThreadsProcess({
    mainFile,
    confinement,
    environment: cleanEnvironment(),
    unconfined: dieWithParent,
    clock,
  });
}

function childOf({ confinement, mainFile }: WorkerStart, { group, journal, threads }: WorkerParts): ChildProcess {
  const node = [process.execPath, '--disable-warning=ExperimentalWarning', ...youngGenerationFlags, mainFile];
  const [command = '', ...args] = confinement
    ? confinedCommand(confinement, node, { group, descriptors: threadsFd + 1, reachesPeers: true })
    : [...dieWithParent, ...node];
  const child = spawn(command, args, {
    stdio: ['pipe', 'inherit', 'inherit', journal, 'pipe', threads?.socket ?? 'ignore'],
    env: cleanEnvironment(),
  });
  child.stdin?.on('error', () => {});
  return child;
}

function cleanEnvironment(): NodeJS.ProcessEnv {
  const kept = ['PATH', 'HOME', 'LANG', 'TMPDIR'];
  return Object.fromEntries(kept.flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : [])));
}
