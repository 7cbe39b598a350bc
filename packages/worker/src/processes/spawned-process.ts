import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setPriority } from 'node:os';
import type { Duplex, Readable } from 'node:stream';
import type { Clock } from '@relais/kit';
import type { ControlGroup } from '../sandbox/groups/control-group.js';
import { cpuMsBelow } from '../sandbox/groups/cpu/process-cpu.js';
import { processStartFailed } from './failures.js';
import { limitsHitIn } from './limits-hit.js';
import { endingOf } from './process-ending.js';
import { killProcessGroup } from './process-group.js';
import type { LimitsHit, ProcessExit, RootProcess } from './process-launcher.js';
import { treeMemoryBytes } from './process-memory.js';
import type { Scratch } from './scratch.js';

/** How a process is started, with everything a sandbox adds. */
export interface SpawnPlan {
  readonly command: string;
  readonly args: readonly string[];
  /** Where it is started; it may go elsewhere. */
  readonly cwd: string;
  /** Beside PATH and LANG, which it may override. */
  readonly env: Readonly<Record<string, string>>;
  readonly input?: Uint8Array;
  readonly channel: boolean;
  readonly confine?: RootProcess['confine'];
  readonly group?: ControlGroup | undefined;
  /** How what it ran ended, of how it ended itself. */
  readonly exitOf: (exit: ProcessExit) => ProcessExit;
  /** Whether numbers of process groups that it knows mean the same here. */
  readonly sharesPids: boolean;
}

/** Of what is started: the worker that hands its calls on comes first. */
const niceness = 5;
const minimalPath = '/usr/local/bin:/usr/bin:/bin';

/** Starts a process in a scratch directory, which goes with it. Rejects with unavailable reason process_start_failed. */
export async function spawnIn(scratch: Scratch, plan: SpawnPlan, clock: Clock): Promise<RootProcess> {
  try {
    if (plan.input) await scratch.fillInput(plan.input);
    const child = spawn(plan.command, plan.args, {
      cwd: plan.cwd,
      env: { PATH: minimalPath, LANG: 'C.UTF-8', ...plan.env },
      detached: true,
      stdio: [scratch.inputFd, 'pipe', 'pipe', ...(plan.channel ? (['pipe'] as const) : [])],
    });
    makeNice(child.pid);
    await once(child, 'spawn');
    return new SpawnedProcess(child, scratch, plan, clock);
  } catch (error) {
    await Promise.all([scratch.remove(), plan.group?.remove()]);
    throw processStartFailed(error);
  }
}

class SpawnedProcess implements RootProcess {
  readonly pid: number;
  readonly directory: string;
  readonly stdout: Readable;
  readonly stderr: Readable;
  readonly channel: Duplex | undefined;
  readonly exited: Promise<ProcessExit>;
  readonly closed: Promise<ProcessExit>;
  readonly confine: RootProcess['confine'];
  readonly #scratch: Scratch;
  readonly #plan: SpawnPlan;
  #reaped = false;

  constructor(child: ChildProcess, scratch: Scratch, plan: SpawnPlan, clock: Clock) {
    const [, stdout, stderr, channel] = child.stdio;
    if (child.pid === undefined || !stdout || !stderr) throw new Error('a started process has a pid and streams');
    this.pid = child.pid;
    this.stdout = stdout as Readable;
    this.stderr = stderr as Readable;
    this.channel = (channel ?? undefined) as Duplex | undefined;
    this.directory = scratch.directory;
    this.confine = plan.confine;
    this.#scratch = scratch;
    this.#plan = plan;
    child.on('error', () => {});
    plan.group?.watch?.(this.pid, () => this.kill());
    const finish = endingOf(this, scratch, clock);
    this.exited = this.#exitOf(child);
    this.closed = this.exited.then(async (exit) => {
      await finish();
      void plan.group?.remove();
      return exit;
    });
  }

  giveInput(bytes: Uint8Array): Promise<void> {
    return this.#scratch.fillInput(bytes);
  }

  serve(owner: object): void {
    this.#plan.group?.serve?.(owner);
  }

  started(): void {
    this.#plan.group?.started?.();
  }

  cpuUsedMs(): number | undefined {
    return this.#reaped ? undefined : (this.#plan.group?.cpuUsedMs?.() ?? cpuMsBelow(this.pid));
  }

  processorWaitMs(): number | undefined {
    return this.#plan.group?.processorWaitMs?.();
  }

  async memoryBytes(): Promise<number> {
    if (this.#reaped) return 0;
    return this.#plan.group ? this.#plan.group.memoryBytes() : treeMemoryBytes(this.pid);
  }

  limitsHit(): LimitsHit | undefined {
    return limitsHitIn(this.#plan.group);
  }

  kill(): void {
    if (this.#reaped) return;
    this.#plan.group?.hurry?.();
    killProcessGroup(this.pid);
  }

  killGroup(group: number): void {
    // Else its name space ends with it.
    if (this.#plan.sharesPids) killProcessGroup(group);
  }

  #exitOf(child: ChildProcess): Promise<ProcessExit> {
    return new Promise((resolve) => {
      child.once('exit', (exitCode, signal) => {
        // In this very turn: the group's number is not given anew while a member lives, and later it might be.
        killProcessGroup(this.pid);
        this.#reaped = true;
        const limits = this.limitsHit();
        const exit = this.#plan.exitOf({ exitCode: exitCode ?? 0, signal: signal ?? '' });
        resolve(limits ? { ...exit, limits } : exit);
      });
    });
  }
}

function makeNice(pid: number | undefined): void {
  try {
    if (pid !== undefined) setPriority(pid, niceness);
  } catch {
    // It has ended.
  }
}
