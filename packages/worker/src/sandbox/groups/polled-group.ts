import { type Clock, descendantsOf, readProc } from '@relais/kit';
import type { ControlGroup, GroupHits, GroupLimits } from './control-group.js';

const pollMs = 25;

/**
 * Stands in for a control group where the kernel gives us none: looks at the memory of a process and its descendants again
 * and again, and has them killed beyond the limit. What grows faster than it looks goes beyond by what it grows meanwhile.
 */
export class PolledGroup implements ControlGroup {
  readonly joins: readonly string[] = [];
  readonly limits: GroupLimits;
  readonly #clock: Clock;
  #bytes = 0;
  #peakBytes = 0;
  #stop: () => void = () => {};

  constructor(limits: GroupLimits, clock: Clock) {
    this.limits = limits;
    this.#clock = clock;
  }

  watch(pid: number, kill: () => void): void {
    this.#stop = this.#clock.every(pollMs, () => {
      this.#bytes = memoryBelow(pid);
      this.#peakBytes = Math.max(this.#peakBytes, this.#bytes);
      if (this.hits().memory) kill();
    });
  }

  hits(): GroupHits {
    const memory = this.#peakBytes > this.limits.memoryBytesMax;
    return { memory, memoryBytesUsed: this.#peakBytes, tasks: false };
  }

  memoryBytes(): number {
    return this.#bytes;
  }

  async remove(): Promise<void> {
    this.#bytes = 0;
    this.#stop();
  }
}

/** Bytes that are resident and not those of a file, of a process and its descendants. */
function memoryBelow(pid: number): number {
  return descendantsOf(pid).reduce((sum, each) => sum + memoryOf(each), memoryOf(pid));
}

function memoryOf(pid: number): number {
  const kibibytes = [...readProc(`${pid}/status`).matchAll(/^Rss(?:Anon|Shmem):\s*(\d+) kB$/gm)];
  return kibibytes.reduce((sum, [, count]) => sum + Number(count) * 1024, 0);
}
