import { Latencies } from './latencies.js';

/** One call that was answered, or was not. */
export interface Outcome {
  /** Index in the plan. */
  readonly target: number;
  /** When it should have begun, when it did, and when the answer was there: milliseconds of one clock. */
  readonly intendedMs: number;
  readonly sentMs: number;
  readonly doneMs: number;
  /** Empty for success. */
  readonly failure: string;
  /** Empty when it began no trace. */
  readonly traceId: string;
  readonly sampled: boolean;
}

/** One second of a phase, as threads report it. */
export interface SecondReport {
  readonly second: number;
  readonly calls: number;
  readonly failures: number;
  /** Encoded {@link Latencies} of two digits. */
  readonly latencies: string;
}

export interface SlowCall {
  readonly latencyMs: number;
  readonly target: number;
  readonly failure: string;
  readonly traceId: string;
}

/** What one thread saw of one phase; plain data for a message. */
export interface PhaseReport {
  readonly elapsedMs: number;
  /** By target; latencies counted from the intended start, encoded. */
  readonly targets: readonly {
    readonly calls: number;
    readonly failures: Readonly<Record<string, number>>;
    readonly latencies: string;
  }[];
  /** Counted from when the call was sent, encoded. */
  readonly service: string;
  /** How late calls were sent, encoded. */
  readonly lateness: string;
  readonly slowest: readonly SlowCall[];
  readonly sampledTraces: readonly string[];
  /** Calls of an open loop that were never sent, because too many waited. */
  readonly unsent: number;
  /** Share of the time in which the thread's loop was busy. */
  readonly loopBusy: number;
}

export const slowestMax = 10;
const sampledTracesMax = 100;

/** Counts what a thread sees of one phase. */
export class Recorder {
  readonly #startMs: number;
  readonly #targets: { calls: number; failures: Record<string, number>; latencies: Latencies }[];
  readonly #service = new Latencies();
  readonly #lateness = new Latencies();
  readonly #slowest: SlowCall[] = [];
  readonly #sampled: string[] = [];
  readonly #window = new Latencies(2);
  #windowCalls = 0;
  #windowFailures = 0;
  #unsent = 0;

  constructor(targetCount: number, startMs: number) {
    this.#startMs = startMs;
    this.#targets = Array.from({ length: targetCount }, () => ({ calls: 0, failures: {}, latencies: new Latencies() }));
  }

  record(outcome: Outcome): void {
    const { doneMs, failure, intendedMs, sentMs, traceId } = outcome;
    const target = this.#targets[outcome.target];
    if (!target) return;
    const latencyMs = doneMs - intendedMs;
    target.calls++;
    this.#windowCalls++;
    if (failure !== '') {
      target.failures[failure] = (target.failures[failure] ?? 0) + 1;
      this.#windowFailures++;
    }
    target.latencies.record(latencyMs);
    this.#window.record(latencyMs);
    this.#service.record(doneMs - sentMs);
    this.#lateness.record(sentMs - intendedMs);
    if (outcome.sampled && this.#sampled.length < sampledTracesMax) this.#sampled.push(traceId);
    this.#keepIfSlow({ latencyMs, target: outcome.target, failure, traceId });
  }

  unsent(): void {
    this.#unsent++;
  }

  /** What came since the last time. */
  takeSecond(nowMs: number): SecondReport {
    const report = {
      second: Math.max(0, Math.round((nowMs - this.#startMs) / 1000) - 1),
      calls: this.#windowCalls,
      failures: this.#windowFailures,
      latencies: this.#window.encode(),
    };
    this.#window.reset();
    this.#windowCalls = 0;
    this.#windowFailures = 0;
    return report;
  }

  finish(nowMs: number, loopBusy: number): PhaseReport {
    return {
      elapsedMs: nowMs - this.#startMs,
      targets: this.#targets.map(({ calls, failures, latencies }) => ({
        calls,
        failures,
        latencies: latencies.encode(),
      })),
      service: this.#service.encode(),
      lateness: this.#lateness.encode(),
      slowest: this.#slowest,
      sampledTraces: this.#sampled,
      unsent: this.#unsent,
      loopBusy,
    };
  }

  #keepIfSlow(call: SlowCall): void {
    const last = this.#slowest.at(-1);
    if (last && this.#slowest.length === slowestMax && call.latencyMs <= last.latencyMs) return;
    this.#slowest.push(call);
    this.#slowest.sort((one, other) => other.latencyMs - one.latencyMs);
    if (this.#slowest.length > slowestMax) this.#slowest.pop();
  }
}
