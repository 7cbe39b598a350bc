import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import type { Clock, MetricFamily } from '@relais/kit';
import { type ControlGroup, readBegunJournal, removeTree, reserveBegunJournal } from '@relais/worker';
import { youngGenerationFlags } from '../young-generation.js';
import { confinedCommand, confinedPlan, groupOf, innerPid, type WorkerConfinement } from './confined-worker.js';
import { FiguresReader } from './figures-reader.js';
import { figuresFd, type WorkerPlan, type WorkerSpec } from './worker-spec.js';

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
  /** Why it never ran; undefined when it did. */
  readonly startFailure: string | undefined;
}

// Ends the worker when its supervisor dies, even in an endless loop. Part of util-linux; without it a worker still
// leaves when its standard input closes, as soon as its loop gets to look.
const setpriv = '/usr/bin/setpriv';
const dieWithParent = existsSync(setpriv) ? [setpriv, '--pdeathsig', 'KILL', '--'] : [];

/** What each worker has of its own beside its plan. */
export type WorkerOwn = Pick<WorkerSpec, 'workerId' | 'sandbox' | 'toolsDirectory' | 'scratchDirectory'>;

export interface WorkerStart {
  /** File that it runs. */
  readonly mainFile: string;
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
  readonly #figures = new FiguresReader();
  /** Of the worker itself; in a sandbox it is known a moment after the start. */
  #pid: number;

  private constructor(start: WorkerStart, child: ChildProcess, journal: number, group: ControlGroup | undefined) {
    this.#group = group;
    this.workerId = start.own.workerId;
    this.#start = start;
    this.#pid = child.pid ?? 0;
    this.#child = child;
    this.#journal = journal;
    // Without descriptors left there is a child that has no streams, and soon an error.
    const streams: ChildProcess['stdio'] | undefined = child.stdio;
    (streams?.[figuresFd] as Readable | null | undefined)?.on('data', (chunk: Buffer) => this.#figures.push(chunk));
    this.exited = new Promise((resolve) => {
      child.once('error', (error) => resolve(this.#ended({ exitCode: 1, signal: '', startFailure: String(error) })));
      child.once('exit', (code, signal) =>
        resolve(this.#ended({ exitCode: code ?? 0, signal: signal ?? '', startFailure: undefined })),
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
    try {
      const path = join(scratchDirectory, 'journal');
      journal = openSync(path, 'wx+', 0o600);
      unlinkSync(path);
      reserveBegunJournal(journal);
      group = start.confinement && groupOf(start.confinement);
      const worker = new WorkerProcess(start, childOf(start, journal, group), journal, group);
      void worker.#tellSpec();
      return worker;
    } catch (error) {
      if (journal !== undefined) closeSync(journal);
      void group?.remove();
      removeTree(scratchDirectory);
      throw error;
    }
  }

  get pid(): number {
    return this.#pid;
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

  async #tellSpec(): Promise<void> {
    const { clock, confinement, own, plan } = this.#start;
    if (confinement) this.#pid = await innerPid(this.#pid, clock);
    const spec: WorkerSpec = {
      ...(confinement ? confinedPlan(plan, confinement) : plan),
      ...own,
      pid: this.#pid,
      confined: confinement !== undefined,
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
    const outOfMemory = this.#group?.hits().memory ?? false;
    void this.#group?.remove();
    return { workerId: this.workerId, pid: this.#pid, exitCode, signal, begunJobIds, outOfMemory, startFailure };
  }
}

function childOf(
  { confinement, mainFile }: WorkerStart,
  journal: number,
  group: ControlGroup | undefined,
): ChildProcess {
  const node = [process.execPath, '--disable-warning=ExperimentalWarning', ...youngGenerationFlags, mainFile];
  const [command = '', ...args] = confinement ? confinedCommand(confinement, node, group) : [...dieWithParent, ...node];
  const child = spawn(command, args, {
    stdio: ['pipe', 'inherit', 'inherit', journal, 'pipe'],
    env: cleanEnvironment(),
  });
  child.stdin?.on('error', () => {});
  return child;
}

function cleanEnvironment(): NodeJS.ProcessEnv {
  const kept = ['PATH', 'HOME', 'LANG', 'TMPDIR'];
  return Object.fromEntries(kept.flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : [])));
}
