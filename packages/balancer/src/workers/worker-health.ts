export interface HealthBounds {
  readonly ejectAfterErrors: number;
  readonly slowFactor: number;
}

/** Weight of the newest call in how slow a worker is. */
const newestShare = 0.05;
/** Fewer calls than these tell nothing of it. */
const callsMin = 20;
/** Added to both times before they are compared: of calls that take no time a worker cannot be too slow. */
const noticeableMs = 5;

/** How a worker does: platform errors in a row, and how long its calls take beside what they take everywhere. */
export class WorkerHealth {
  #errorsInRow = 0;
  /** Mean of the logarithms: run times have long tails, and one call that takes a hundred times as long says nothing of its worker. */
  #logSlowness = 0;
  #calls = 0;

  /** It failed on the platform's account. */
  failed(): void {
    this.#errorsInRow++;
  }

  /** It answered, the function's own failures included. expectedMs: how long such a call takes over all workers. */
  answered(runMs: number, expectedMs: number): void {
    this.#errorsInRow = 0;
    const ratio = (runMs + noticeableMs) / (expectedMs + noticeableMs);
    this.#calls++;
    this.#logSlowness += (Math.log(ratio) - this.#logSlowness) * Math.max(newestShare, 1 / this.#calls);
  }

  /** Time its calls take beside what such calls take; undefined before there are enough to tell. */
  get slowness(): number | undefined {
    return this.#calls < callsMin ? undefined : Math.exp(this.#logSlowness);
  }

  /** Why it should be given nothing for a while; undefined when it does well. usual: the slowness of others, if it can be told. */
  fault(usual: number | undefined, { ejectAfterErrors, slowFactor }: HealthBounds): string | undefined {
    if (this.#errorsInRow >= ejectAfterErrors) return `failed ${this.#errorsInRow} times in a row`;
    const { slowness } = this;
    if (slowness === undefined || usual === undefined) return undefined;
    if (slowness < usual * slowFactor) return undefined;
    return `takes ${(slowness / usual).toFixed(1)} times as long as the others`;
  }

  /** It starts anew. */
  reset(): void {
    this.#errorsInRow = 0;
    this.#logSlowness = 0;
    this.#calls = 0;
  }
}
