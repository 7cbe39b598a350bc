import { join } from 'node:path';
import type { Clock } from '@relais/kit';
import { pidBelow } from '../../sandbox/groups/cpu/process-cpu.js';
import { processStartFailed } from '../failures.js';
import { encodeFrame, FrameReader } from '../frames.js';
import type {
  ForkPreparation,
  ForkWanted,
  LaunchedProcess,
  ProcessExit,
  ProcessLauncher,
  RootProcess,
} from '../process-launcher.js';
import { Scratch } from '../scratch.js';
import { type ForkReply, type ForkRequest, parseForkReply } from './fork-messages.js';
import { ForkedProcess } from './forked-process.js';
import { StreamDoor } from './stream-door.js';

export interface ForkServerOptions {
  readonly launcher: ProcessLauncher;
  readonly clock: Clock;
  readonly command: string;
  readonly args: readonly string[];
  /** What it and its guests must be able to read. */
  readonly readable?: readonly string[];
  /** Guests that live at once; bounds the connections of its socket. */
  readonly guestsMax: number;
}

/** Name of the socket in the directory of the server, as its language's side knows it. */
const socketName = 'guests';
const streamsPerGuest = 3;
/** Connections that have not named themselves yet, beside those of guests. */
const strangersMax = 16;
/** A server that has not forked within this time is stuck and is ended. */
const forkBudgetMs = 10_000;
/** A server that has not killed within this time is stuck and is ended, which kills what it forked. */
const killBudgetMs = 5000;
const killed: ProcessExit = { exitCode: 0, signal: 'SIGKILL' };
const lost: ProcessExit = { ...killed, lost: true };
const noPayload = Buffer.alloc(0);

/**
 * How a server came to its end: it said that it cannot fork on this machine, it ended before it had forked anything, or it
 * had served.
 */
export type ForkServerEnd = 'unable' | 'failed' | 'served';

/** What becomes of one request. */
interface Fork {
  pid: number;
  readonly forked: Promise<number>;
  readonly onForked: (pid: number) => void;
  readonly ended: Promise<ProcessExit>;
  readonly onEnded: (exit: ProcessExit) => void;
  killSent: boolean;
  /** The server ended before anybody wanted this one killed. */
  isLost: boolean;
}

/**
 * An interpreter that has booted and loaded what most functions need, and forks a process whenever it is asked. It runs
 * no code of a user itself. When it ends, for whatever reason, everything it forked is killed.
 */
export class ForkServer {
  /** Resolves once it and everything it forked is gone. */
  readonly gone: Promise<ForkServerEnd>;
  readonly #process: RootProcess;
  readonly #door: StreamDoor;
  readonly #clock: Clock;
  /** Asked for and not ended. */
  readonly #forks = new Map<number, Fork>();
  #lastId = 0;
  #alive = true;
  #end: ForkServerEnd = 'failed';
  #usedAtMs: number;

  private constructor(process: RootProcess, door: StreamDoor, clock: Clock) {
    this.#process = process;
    this.#door = door;
    this.#clock = clock;
    this.#usedAtMs = clock.nowMs();
    process.stdout.resume();
    process.stderr.resume();
    const reader = new FrameReader({
      payloadBytesMax: 0,
      onFrame: (frame) => this.#onReply(parseForkReply(frame.header)),
      onViolation: () => this.kill(),
    });
    process.channel?.on('data', (chunk: Buffer) => reader.push(chunk));
    process.channel?.once('end', () => this.kill());
    this.gone = process.closed.then(() => this.#onGone());
  }

  /** Resolves before the interpreter has booted; forks asked for meanwhile wait. Rejects when it cannot be started. */
  static async start(options: ForkServerOptions): Promise<ForkServer> {
    const { launcher, clock, command, args, readable = [], guestsMax } = options;
    const process = await launcher.launch({ command, args, readable, channel: true, role: 'forkServer' });
    try {
      const connectionsMax = guestsMax * streamsPerGuest + strangersMax;
      const door = await StreamDoor.open(join(process.directory, socketName), connectionsMax, clock);
      return new ForkServer(process, door, clock);
    } catch (error) {
      process.kill();
      throw processStartFailed(error);
    }
  }

  get alive(): boolean {
    return this.#alive;
  }

  /** When it last had work, for retiring it; now while guests of it live. */
  get usedAtMs(): number {
    return this.#forks.size > 0 ? this.#clock.nowMs() : this.#usedAtMs;
  }

  /**
   * A new process, waiting for its first frame, in a directory of its own. `setup` is what the server's language needs to
   * know of it. Rejects with unavailable when it cannot be had; nothing of it is left then.
   */
  async fork(setup: object, wanted: ForkWanted): Promise<LaunchedProcess> {
    if (!this.#alive) throw processStartFailed('the fork server has ended');
    const scratch = await Scratch.below(this.#process.directory).catch((cause) => {
      throw processStartFailed(cause);
    });
    const expected = this.#door.expect();
    const prepared = this.#prepare(wanted);
    const { id, fork } = this.#ask({
      directory: scratch.name,
      token: expected.token,
      setup,
      ...(prepared ? { confinement: prepared.confinement } : {}),
    });
    const forget = this.#clock.after(forkBudgetMs, () => this.kill());
    const ready = Promise.all([fork.forked, expected.streams]);
    const started = await Promise.race([ready, fork.ended]);
    forget();
    if (Array.isArray(started)) {
      const [pid, streams] = started;
      const ourPid = () => pidBelow(this.#process.pid, pid);
      const kill = () => this.#kill(id);
      const parts = { pid, ourPid, streams, scratch, group: prepared?.group, exit: fork.ended, kill };
      return new ForkedProcess(parts, this.#clock);
    }
    expected.abandon();
    await Promise.all([scratch.remove(), prepared?.group?.remove()]);
    throw processStartFailed('the fork server could not fork');
  }

  /** Ends it and everything it forked. Safe to call at any time. */
  kill(): void {
    this.#alive = false;
    for (const fork of this.#forks.values()) fork.isLost ||= !fork.killSent;
    this.#process.kill();
  }

  /** Waits until its guests are gone, which the caller ends, then ends it. */
  async close(): Promise<void> {
    this.#alive = false;
    this.#end = 'served';
    await Promise.all([...this.#forks.values()].map((fork) => fork.ended));
    this.kill();
    await this.gone;
  }

  #prepare(wanted: ForkWanted): ForkPreparation | undefined {
    try {
      return this.#process.confine?.(wanted);
    } catch (cause) {
      throw processStartFailed(cause);
    }
  }

  #ask(request: Omit<ForkRequest & { type: 'fork' }, 'type' | 'id'>): { id: number; fork: Fork } {
    this.#lastId++;
    const id = this.#lastId;
    const { promise: forked, resolve: onForked } = Promise.withResolvers<number>();
    const { promise: ended, resolve: onEnded } = Promise.withResolvers<ProcessExit>();
    const fork: Fork = { pid: 0, forked, onForked, ended, onEnded, killSent: false, isLost: false };
    this.#forks.set(id, fork);
    this.#send({ type: 'fork', id, ...request });
    return { id, fork };
  }

  #kill(id: number): void {
    const fork = this.#forks.get(id);
    if (!fork || fork.killSent) return;
    fork.killSent = true;
    this.#send({ type: 'kill', id });
    const forget = this.#clock.after(killBudgetMs, () => this.kill());
    void fork.ended.then(forget);
  }

  #send(request: ForkRequest): void {
    const [head] = encodeFrame(request, noPayload);
    this.#process.channel?.write(head);
  }

  #onReply(reply: ForkReply | undefined): void {
    if (!reply || reply.type === 'unable') {
      if (reply) this.#end = 'unable';
      this.kill();
    } else if (reply.type === 'forked') {
      const fork = this.#forks.get(reply.id);
      if (!fork) return;
      this.#end = 'served';
      fork.pid = reply.pid;
      fork.onForked(reply.pid);
    } else {
      this.#finish(reply.id, reply.exit);
    }
  }

  #finish(id: number, exit: ProcessExit): void {
    const fork = this.#forks.get(id);
    this.#forks.delete(id);
    this.#usedAtMs = this.#clock.nowMs();
    fork?.onEnded(exit);
  }

  #onGone(): ForkServerEnd {
    this.#alive = false;
    this.#door.close();
    for (const [id, { isLost, killSent, pid }] of this.#forks) {
      // The kernel has killed the guest with its parent, and this what the guest had started.
      if (pid > 0) this.#process.killGroup(pid);
      this.#finish(id, isLost || !killSent ? lost : killed);
    }
    return this.#end;
  }
}
