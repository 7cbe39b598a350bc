import { IsolationCost, type Timings } from '@relais/contracts';

/** Latest cold starts that a median is taken of. */
const samplesMax = 32;

interface Starts {
  /** A ring: the oldest is overwritten. */
  readonly coldUs: number[];
  next: number;
  wasWarm: boolean;
}

/**
 * Learns from calls what a new instance of a version costs before the function's own code runs, where that could not be
 * measured at the build. Remembers a bounded number of versions; beyond it the one first seen longest ago is forgotten.
 */
export class StartCosts {
  readonly #versionsMax: number;
  readonly #starts = new Map<string, Starts>();

  constructor(versionsMax: number) {
    this.#versionsMax = versionsMax;
  }

  record(versionId: string, { initUs, startUs }: Timings): void {
    const starts = this.#starts.get(versionId) ?? this.#remember(versionId);
    const coldUs = startUs + initUs;
    if (coldUs === 0) {
      starts.wasWarm = true;
      return;
    }
    starts.coldUs[starts.next] = coldUs;
    starts.next = (starts.next + 1) % samplesMax;
  }

  /** Undefined while nothing is known. A call on a warm instance waits for nothing to start: it was seen to cost 0. */
  of(versionId: string): IsolationCost | undefined {
    const starts = this.#starts.get(versionId);
    if (!starts) return undefined;
    const sorted = starts.coldUs.toSorted((a, b) => a - b);
    const newUs = sorted[sorted.length >> 1];
    return IsolationCost.fromPartial({
      ...(newUs === undefined ? {} : { newUs }),
      ...(starts.wasWarm ? { reuseUs: 0 } : {}),
      basis: 'calls',
    });
  }

  #remember(versionId: string): Starts {
    const [oldest] = this.#starts.keys();
    if (this.#starts.size >= this.#versionsMax && oldest !== undefined) this.#starts.delete(oldest);
    const starts: Starts = { coldUs: [], next: 0, wasWarm: false };
    this.#starts.set(versionId, starts);
    return starts;
  }
}
