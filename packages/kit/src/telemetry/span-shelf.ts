import type { Clock } from '../time/clock.js';
import type { SpanCarrier } from './span-carrier.js';
import { decodeSpans, encodeSpans } from './span-codec.js';
import type { SpanData, SpanSink } from './span-data.js';
import { traceIdOf } from './traceparent.js';

const tracesMax = 10_000;
const spansPerTraceMax = 256;
/** No call lasts longer, so that nothing is let go which an answer is still to take. */
const leftMs = 900_000;

interface Shelved {
  readonly sinceMs: number;
  readonly spans: SpanData[];
}

/**
 * Holds the spans of a process that does not keep traces itself until the answer they belong to leaves. What no answer will
 * take goes to `left`: when that is said, after 15 minutes, and the oldest when there are too many.
 */
export class SpanShelf implements SpanSink, SpanCarrier {
  readonly #clock: Clock;
  readonly #left: SpanSink | undefined;
  /** Oldest first. */
  readonly #byTrace = new Map<string, Shelved>();

  constructor(clock: Clock, left: SpanSink | undefined) {
    this.#clock = clock;
    this.#left = left;
  }

  add(span: SpanData): void {
    const shelved = this.#byTrace.get(span.traceId);
    if (shelved) {
      if (shelved.spans.length < spansPerTraceMax) shelved.spans.push(span);
      return;
    }
    this.#clear();
    this.#byTrace.set(span.traceId, { sinceMs: this.#clock.nowMs(), spans: [span] });
  }

  take(traceparent: string): Buffer | undefined {
    const traceId = traceIdOf(traceparent);
    const shelved = this.#byTrace.get(traceId);
    if (!shelved) return undefined;
    this.#byTrace.delete(traceId);
    return encodeSpans(shelved.spans);
  }

  /** They leave with the next answer of their trace, or as those that no answer takes. */
  give(_traceparent: string, spans: Buffer): void {
    try {
      for (const span of decodeSpans(spans)) this.add(span);
    } catch {
      // Of another release or damaged: not worth a call.
    }
  }

  leave(traceparent: string): void {
    this.#leave(traceIdOf(traceparent));
  }

  /** Lets go of everything. */
  flush(): void {
    for (const [traceId] of this.#byTrace) this.#leave(traceId);
  }

  #clear(): void {
    const beforeMs = this.#clock.nowMs() - leftMs;
    for (const [traceId, { sinceMs }] of this.#byTrace) {
      if (sinceMs > beforeMs && this.#byTrace.size < tracesMax) return;
      this.#leave(traceId);
    }
  }

  #leave(traceId: string): void {
    const shelved = this.#byTrace.get(traceId);
    this.#byTrace.delete(traceId);
    if (this.#left) for (const span of shelved?.spans ?? []) this.#left.add(span);
  }
}
