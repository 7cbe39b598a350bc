import type { Seat, Standing } from '../workers/line-up.js';

export const standingStalledMs = 20;

/** A worker that has what the test gives it; a change is told to the line-ups it stands in. */
export class StandingWorker implements Standing {
  readonly id: string;
  readonly attachOrder: number;
  readonly inline: boolean;
  readonly weight: number;
  readonly seats: Seat[] = [];
  slots: number;
  jobCount = 0;
  /** Of its jobs, those that its own loop does not run. */
  besideLoop = 0;
  outstandingMs = 0;
  progressMs = 0;
  slowness = 1;
  kept = false;

  constructor(attachOrder: number, start: { slots?: number; inline?: boolean; weight?: number } = {}) {
    this.id = `w${attachOrder}`;
    this.attachOrder = attachOrder;
    this.slots = start.slots ?? 8;
    this.inline = start.inline ?? false;
    this.weight = start.weight ?? 1;
  }

  get stalledFromMs(): number {
    return this.inline && this.callCount > 0 ? this.progressMs + standingStalledMs : Number.POSITIVE_INFINITY;
  }

  get callCount(): number {
    return this.jobCount - this.besideLoop;
  }

  set(
    change: Partial<
      Pick<StandingWorker, 'jobCount' | 'besideLoop' | 'outstandingMs' | 'progressMs' | 'slowness' | 'kept'>
    >,
  ): void {
    Object.assign(this, change);
    for (const seat of this.seats) seat.changed();
  }

  /** One more call of this estimate. */
  take(estimateMs: number): void {
    this.set({ jobCount: this.jobCount + 1, outstandingMs: this.outstandingMs + estimateMs });
  }
}
