import { debtAfter, noDebt } from './cpu-debt.js';

/** Processor time that an interpreter takes to start in a sandbox and to load a function, generously. */
const startMs = 250;

/** The start of a process is for free if it then lives for as long as it takes to earn what that cost. */
export class FreeStart {
  #leftMs = startMs;
  #costMs = 0;
  #endedMs: number | undefined;

  /** What is to be paid for of usedMs more. */
  after(usedMs: number): number {
    const freeMs = this.#endedMs === undefined ? Math.min(this.#leftMs, usedMs) : 0;
    this.#leftMs -= freeMs;
    this.#costMs += freeMs;
    return usedMs - freeMs;
  }

  /** It has started: from now on it pays, and earns what its start cost. */
  end(nowMs: number): void {
    this.#endedMs ??= nowMs;
  }

  /** What it has not earned of that, milliseconds. */
  unearnedMs(nowMs: number): number {
    const livedMs = this.#endedMs === undefined ? 0 : nowMs - this.#endedMs;
    return Math.max(0, debtAfter({ ...noDebt, owedMs: this.#costMs }, 0, livedMs).owedMs);
  }
}
