import type { CallReport } from './call-report.js';

/** What is kept of a call: enough for its lines, nothing of its output. */
export interface ToldCall {
  /** When it ended, milliseconds since the epoch. */
  readonly timeMs: number;
  readonly functionName: string;
  readonly version: number;
  readonly invocationId: string;
  readonly traceparent: string;
  readonly tookMs: number;
  readonly logs: string;
  readonly logsTruncated: boolean;
  /** Undefined: it went well. */
  readonly failure: string | undefined;
}

const callsMax = 1000;
const charsMax = 4 * 1024 * 1024;

/**
 * The latest calls that have something to tell: those that printed, and those that failed by a fault of their function. At
 * most 1000, with 4 Mi characters of logs in all; the oldest go first.
 */
export class RecentCalls {
  readonly #slots: (ToldCall | undefined)[] = new Array(callsMax);
  // Calls ever kept, and how many of those have gone.
  #added = 0;
  #gone = 0;
  #chars = 0;

  add(call: ToldCall): void {
    if (this.#added - this.#gone === callsMax) this.#drop();
    this.#slots[this.#added % callsMax] = call;
    this.#added += 1;
    this.#chars += call.logs.length;
    while (this.#chars > charsMax) this.#drop();
  }

  /** The newest first. */
  *newest(): Generator<ToldCall> {
    for (let at = this.#added - 1; at >= this.#gone; at--) {
      const call = this.#slots[at % callsMax];
      if (call) yield call;
    }
  }

  #drop(): void {
    const at = this.#gone % callsMax;
    this.#chars -= this.#slots[at]?.logs.length ?? 0;
    this.#slots[at] = undefined;
    this.#gone += 1;
  }
}

/** Whether there is more to tell of a call than that it took place. */
export function hasToTell({ failure, result }: CallReport): boolean {
  return (result !== undefined && result.logs !== '') || failure?.fault === 'function';
}

export function toldCall(report: CallReport, timeMs: number): ToldCall {
  const { endMs, failure, functionName, invocationId, result, startMs, traceparent, version } = report;
  return {
    timeMs,
    functionName,
    version,
    invocationId,
    traceparent,
    tookMs: endMs - startMs,
    logs: result?.logs ?? '',
    logsTruncated: result?.logsTruncated ?? false,
    failure: failure?.message,
  };
}
