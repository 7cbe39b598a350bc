import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Clock } from '@relais/kit';
import { ownReadable } from '../../processes/create-launcher.js';
import { toolBounds } from '../../processes/function-bounds.js';
import { killProcessGroup } from '../../processes/process-group.js';
import { type ControlGroup, type ControlGroups, joinsOf, tryMakeGroup } from '../../sandbox/groups/control-group.js';
import type { Sandbox, SandboxPolicy } from '../../sandbox/sandbox.js';
import { compilerCrashed } from '../compiled/build-failures.js';
import type { CompileReply, CompileRequest } from './compile-messages.js';

/** LLVM's own memory, in pages of 64 KiB: 1.5 GiB. A source that makes it want more does not compile. */
const compilerPagesMax = 24_576;
const mainPath = fileURLToPath(new URL('./compiler-main.js', import.meta.url));
const execArgv = [
  `--wasm-max-mem-pages=${compilerPagesMax}`,
  '--import',
  new URL('./linear-writes.js', import.meta.url).href,
];

/** It works in memory alone. */
const policy: Omit<SandboxPolicy, 'groups'> = {
  readable: ownReadable.map((path) => ({ source: path, at: path })),
  writable: [],
  directory: '/tmp',
  // With that of its messages.
  descriptors: 4,
  tmpBytesMax: 1024 * 1024,
  filesMax: 256,
  fileBytesMax: 1024 * 1024,
  nests: false,
};

interface Run {
  readonly resolve: (reply: CompileReply) => void;
  readonly reject: (error: unknown) => void;
}

/** A place for one compiler process: started on demand, warm between compiles, ended when idle. One compile at a time. */
export class CompilerProcess {
  readonly #clock: Clock;
  readonly #idleMs: number;
  readonly #sandbox: Sandbox;
  readonly #groups: ControlGroups | undefined;
  #child: ChildProcess | undefined;
  readonly #groupOf = new WeakMap<ChildProcess, ControlGroup>();
  #run: Run | undefined;
  #stopIdleTimer: () => void = () => {};

  constructor(clock: Clock, idleMs: number, sandbox: Sandbox, groups: ControlGroups | undefined) {
    this.#sandbox = sandbox;
    this.#groups = groups;
    this.#clock = clock;
    this.#idleMs = idleMs;
  }

  /** Undefined when no process is warm. */
  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Compiles; only to be called when nothing else is. Rejects with aborted reason compiler_crashed, also when killed. */
  compile(request: CompileRequest): Promise<CompileReply> {
    this.#stopIdleTimer();
    const child = this.#child ?? this.#start();
    child.ref();
    child.channel?.ref();
    return new Promise((resolve, reject) => {
      this.#run = { resolve, reject };
      child.send(request, (error) => {
        // A child that cannot be written to is gone; its exit is about to be told.
        if (error) child.kill('SIGKILL');
      });
    });
  }

  /** Resolves once the process is gone; what it compiled is rejected then. */
  async kill(): Promise<void> {
    this.#stopIdleTimer();
    const child = this.#child;
    if (!child) return;
    // Nobody is to be given an idle process that is dying.
    if (!this.#run) this.#child = undefined;
    child.ref();
    const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    this.#groupOf.get(child)?.hurry?.();
    // What puts it in a sandbox is several processes, and those that wait for the first do so for ever when it alone is killed.
    if (child.pid) killProcessGroup(child.pid);
    await gone;
  }

  #start(): ChildProcess {
    const group = tryMakeGroup(this.#groups, toolBounds);
    const command = [process.execPath, ...execArgv, mainPath];
    const [program = '', ...args] = this.#sandbox.wrap({ ...policy, groups: joinsOf(this.#groups, group) }, command);
    const child = spawn(program, args, {
      detached: true,
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
      env: {},
    });
    child.on('message', (reply: CompileReply) => this.#answer(reply));
    child.on('error', () => this.#lost(child));
    child.on('exit', () => this.#lost(child));
    if (group) this.#groupOf.set(child, group);
    this.#child = child;
    return child;
  }

  /** Nothing to do: the compiler may end the process it is in, and ends itself when this lasts. */
  #answer(reply: CompileReply): void {
    const run = this.#run;
    this.#run = undefined;
    this.#child?.unref();
    this.#child?.channel?.unref();
    this.#stopIdleTimer = this.#clock.after(this.#idleMs, () => void this.kill());
    run?.resolve(reply);
  }

  #lost(child: ChildProcess): void {
    if (child.pid) killProcessGroup(child.pid);
    void this.#groupOf.get(child)?.remove();
    if (child !== this.#child) return;
    this.#stopIdleTimer();
    this.#child = undefined;
    const run = this.#run;
    this.#run = undefined;
    run?.reject(compilerCrashed());
  }
}
