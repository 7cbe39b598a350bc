export interface RetryBudgetBounds {
  readonly retryShare: number;
  readonly retriesSavedMax: number;
}

/** Retries as a share of what is admitted, so that running again what failed cannot become most of the load. */
export class RetryBudget {
  readonly #bounds: RetryBudgetBounds;
  #saved: number;

  constructor(bounds: RetryBudgetBounds) {
    this.#bounds = bounds;
    this.#saved = bounds.retriesSavedMax;
  }

  /** One job was admitted. */
  earn(): void {
    const { retriesSavedMax, retryShare } = this.#bounds;
    this.#saved = Math.min(retriesSavedMax, this.#saved + retryShare);
  }

  /** Spends one retry; false when none is left. */
  spend(): boolean {
    if (this.#saved < 1) return false;
    this.#saved--;
    return true;
  }
}
