import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CpuFiles } from '../group-files.js';
import type { ChosenProcessors } from './chosen-processors.js';
import type { CpuRank } from './cpu-debt.js';

/** The part of a control group that shares processor time out. */
export class CpuPart {
  readonly #files: CpuFiles;
  readonly #shares: string;
  readonly #usage: string;
  readonly #firstWeight: string;
  readonly #processors: ChosenProcessors | undefined;
  #leaving = false;

  /** Directories of the kernel, made already; without `processors` it uses whichever it likes. Throws when the kernel refuses. */
  constructor(files: CpuFiles, shares: string, usage: string, weight: string, processors?: ChosenProcessors) {
    this.#files = files;
    this.#shares = shares;
    this.#usage = join(usage, files.usage);
    this.#firstWeight = weight;
    this.#processors = processors;
    writeFileSync(join(shares, files.weight), weight);
  }

  /** Processor time of all that was ever in it, milliseconds; undefined once it is gone. */
  usedMs(): number | undefined {
    return usedMsIn(this.#usage, this.#files);
  }

  /** How it stands when others want the processors too. Never throws. */
  rank(rank: CpuRank): void {
    if (this.#leaving) return;
    const yields = rank === 'last';
    this.#set(this.#files.weights[rank], yields);
  }

  /** So many processors it leaves to others. Never throws. */
  leave(processors: number): void {
    if (!this.#leaving) this.#processors?.leave(processors);
  }

  /** Its processes are being killed, and have to run for that: it yields no more. */
  hurry(): void {
    if (this.#leaving) return;
    this.#leaving = true;
    this.#set(this.#firstWeight, false);
    this.#processors?.leave(0);
  }

  #set(weight: string, yields: boolean): void {
    try {
      const weightFile = join(this.#shares, this.#files.weight);
      const idleFile = join(this.#shares, this.#files.idle);
      // Where a kernel is too old for it, the least weight comes close.
      if (existsSync(idleFile)) writeFileSync(idleFile, yields ? '1' : '0');
      else writeFileSync(weightFile, weight);
      // Leaving the one puts back the weight that the kernel likes best.
      if (!yields) writeFileSync(weightFile, weight);
    } catch {
      // It is gone.
    }
  }
}

/** Processor time as such a file tells it, milliseconds; undefined when there is none. */
export function usedMsIn(path: string, { usedMs }: CpuFiles): number | undefined {
  try {
    return usedMs(readFileSync(path, 'utf8'));
  } catch {
    return undefined;
  }
}
