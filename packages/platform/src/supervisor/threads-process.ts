import { type ChildProcess, spawn } from 'node:child_process';
import type { Socket } from 'node:net';
import type { Clock } from '@relais/kit';
import type { ControlGroup } from '@relais/worker';
import { confinedCommand, groupOf, innerPid, type WorkerConfinement } from './confined-worker.js';

export interface ThreadsStart {
  /** File that it runs. */
  readonly mainFile: string;
  readonly confinement: WorkerConfinement | undefined;
  readonly environment: NodeJS.ProcessEnv;
  /** What is put before a command that is not confined. */
  readonly unconfined: readonly string[];
  readonly clock: Clock;
}

/** Descriptor on which the process is told what to do. */
const orderFd = 3;

/** The process of a worker of WASM in which its calls run that may be long. It goes when nobody holds its socket any more. */
export class ThreadsProcess {
  readonly exited: Promise<void>;
  readonly #child: ChildProcess;
  readonly #group: ControlGroup | undefined;
  #pid: number | undefined;

  /** Throws when the machine lacks something that it takes, and leaves nothing behind then. */
  constructor({ clock, confinement, environment, mainFile, unconfined }: ThreadsStart) {
    const node = [process.execPath, '--disable-warning=ExperimentalWarning', mainFile];
    const group = confinement && groupOf(confinement.threadGroups);
    try {
      const [command = '', ...args] = confinement
        ? confinedCommand(confinement, node, { group, descriptors: orderFd + 1, reachesPeers: false })
        : [...unconfined, ...node];
      this.#child = spawn(command, args, { stdio: ['ignore', 'inherit', 'inherit', 'pipe'], env: environment });
    } catch (error) {
      void group?.remove();
      throw error;
    }
    this.#group = group;
    this.#pid = this.#child.pid;
    if (confinement && this.#pid !== undefined) void this.#findInner(this.#pid, clock);
    this.exited = new Promise((resolve) => {
      this.#child.once('error', () => resolve());
      this.#child.once('exit', () => resolve());
    });
    void this.exited.then(() => group?.remove());
  }

  /** To be handed to the worker, and then destroyed here. Undefined where it could not be started. */
  get socket(): Socket | undefined {
    return (this.#child.stdio?.[orderFd] as Socket | null | undefined) ?? undefined;
  }

  /** Of the process itself; in a sandbox it is known a moment after the start. */
  get pid(): number | undefined {
    return this.#pid;
  }

  /** Whether the kernel has killed in it for want of memory, as far as that is known. */
  get outOfMemory(): boolean {
    return this.#group?.hits().memory ?? false;
  }

  kill(): void {
    this.#group?.hurry?.();
    this.#child.kill('SIGKILL');
  }

  async #findInner(outer: number, clock: Clock): Promise<void> {
    this.#pid = await innerPid(outer, clock);
  }
}
