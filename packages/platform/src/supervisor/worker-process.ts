import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, rmSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import type { MetricFamily } from '@relais/kit';
import { readBegunJournal } from '@relais/worker';
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
}

// Ends the worker when its supervisor dies, even in an endless loop. Part of util-linux; without it a worker still
// leaves when its standard input closes, as soon as its loop gets to look.
const setpriv = '/usr/bin/setpriv';
const dieWithParent = existsSync(setpriv) ? [setpriv, '--pdeathsig', 'KILL', '--'] : [];

/** One supervised worker process: spawned in the constructor's `spawn`, gone when `exited` resolves. */
export class WorkerProcess {
  readonly spec: WorkerSpec;
  readonly pid: number;
  readonly exited: Promise<ProcessExit>;
  readonly #child: ChildProcess;
  readonly #journal: number;
  readonly #figures = new FiguresReader();

  private constructor(spec: WorkerSpec, child: ChildProcess, journal: number) {
    this.spec = spec;
    this.pid = child.pid ?? 0;
    this.#child = child;
    this.#journal = journal;
    (child.stdio[figuresFd] as Readable | null)?.on('data', (chunk: Buffer) => this.#figures.push(chunk));
    this.exited = new Promise((resolve) => {
      child.once('error', () => resolve(this.#ended(1, '')));
      child.once('exit', (code, signal) => resolve(this.#ended(code ?? 0, signal ?? '')));
    });
  }

  /** Starts `node mainFile` and hands it its spec. The journal is an unlinked file: nothing is left behind. */
  static spawn(mainFile: string, plan: WorkerPlan, workerId: string, scratchDirectory: string): WorkerProcess {
    mkdirSync(scratchDirectory, { mode: 0o700 });
    const spec: WorkerSpec = { ...plan, workerId, scratchDirectory };
    const path = join(scratchDirectory, 'journal');
    const journal = openSync(path, 'wx+', 0o600);
    unlinkSync(path);
    const [command = '', ...args] = [
      ...dieWithParent,
      process.execPath,
      '--disable-warning=ExperimentalWarning',
      mainFile,
    ];
    const child = spawn(command, args, {
      stdio: ['pipe', 'inherit', 'inherit', journal, 'pipe'],
      env: cleanEnvironment(),
    });
    child.stdin?.on('error', () => {});
    child.stdin?.write(`${JSON.stringify(spec)}\n`);
    return new WorkerProcess(spec, child, journal);
  }

  /** What it last said of itself; empty before the first time. */
  get families(): readonly MetricFamily[] {
    return this.#figures.families;
  }

  terminate(): void {
    this.#child.kill('SIGTERM');
  }

  kill(): void {
    this.#child.kill('SIGKILL');
  }

  #ended(exitCode: number, signal: string): ProcessExit {
    const begunJobIds = readBegunJournal(this.#journal);
    closeSync(this.#journal);
    rmSync(this.spec.scratchDirectory, { recursive: true, force: true });
    return { workerId: this.spec.workerId, pid: this.pid, exitCode, signal, begunJobIds };
  }
}

function cleanEnvironment(): NodeJS.ProcessEnv {
  const kept = ['PATH', 'HOME', 'LANG', 'TMPDIR'];
  return Object.fromEntries(kept.flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : [])));
}
