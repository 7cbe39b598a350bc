import type { Readable } from 'node:stream';
import type { Clock } from '@relais/kit';
import type { ControlGroup } from '../../sandbox/groups/control-group.js';
import { cpuMsBelow } from '../../sandbox/groups/cpu/process-cpu.js';
import { limitsHitIn } from '../limits-hit.js';
import { endingOf } from '../process-ending.js';
import type { LaunchedProcess, LimitsHit, ProcessExit } from '../process-launcher.js';
import { treeMemoryBytes } from '../process-memory.js';
import type { Scratch } from '../scratch.js';
import type { ForkStreams } from './stream-door.js';

export interface ForkedProcessParts {
  readonly pid: number;
  /** How this process knows it; undefined when it is gone. */
  readonly ourPid: () => number | undefined;
  readonly streams: ForkStreams;
  readonly scratch: Scratch;
  readonly group: ControlGroup | undefined;
  /** Resolves when it is reaped and its group is dead. */
  readonly exit: Promise<ProcessExit>;
  /** Has its group killed; ignored once it has ended. */
  readonly kill: () => void;
}

/** A process that a fork server made, to those who use it like any other. */
export class ForkedProcess implements LaunchedProcess {
  readonly pid: number;
  readonly stdout: Readable;
  readonly stderr: Readable;
  readonly channel: ForkStreams['channel'];
  readonly exited: Promise<ProcessExit>;
  readonly closed: Promise<ProcessExit>;
  readonly #parts: ForkedProcessParts;
  #ourPid: number | undefined;

  constructor(parts: ForkedProcessParts, clock: Clock) {
    const { pid, streams, scratch, exit } = parts;
    this.pid = pid;
    this.stdout = streams.stdout;
    this.stderr = streams.stderr;
    this.channel = streams.channel;
    this.#parts = parts;
    this.exited = exit.then((how) => {
      const limits = this.limitsHit();
      return limits ? { ...how, limits } : how;
    });
    const finish = endingOf(streams, scratch, clock);
    this.closed = this.exited.then(async (how) => {
      await finish();
      void parts.group?.remove();
      return how;
    });
  }

  giveInput(bytes: Uint8Array): Promise<void> {
    return this.#parts.scratch.fillInput(bytes);
  }

  serve(owner: object): void {
    this.#parts.group?.serve?.(owner);
  }

  started(): void {
    this.#parts.group?.started?.();
  }

  cpuUsedMs(): number | undefined {
    const counted = this.#parts.group?.cpuUsedMs?.();
    if (counted !== undefined) return counted;
    const pid = this.#pidHere();
    return pid === undefined ? undefined : cpuMsBelow(pid);
  }

  processorWaitMs(): number | undefined {
    return this.#parts.group?.processorWaitMs?.();
  }

  async memoryBytes(): Promise<number> {
    const { group } = this.#parts;
    if (group) return group.memoryBytes();
    const pid = this.#pidHere();
    return pid === undefined ? 0 : treeMemoryBytes(pid);
  }

  limitsHit(): LimitsHit | undefined {
    return limitsHitIn(this.#parts.group);
  }

  kill(): void {
    this.#parts.group?.hurry?.();
    this.#parts.kill();
  }

  #pidHere(): number | undefined {
    this.#ourPid ??= this.#parts.ourPid();
    return this.#ourPid;
  }
}
