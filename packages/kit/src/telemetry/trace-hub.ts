import type { SpanCarrier } from './span-carrier.js';
import { decodeSpans } from './span-codec.js';
import type { SpanData, SpanSink } from './span-data.js';
import type { SpanIntake } from './span-intake.js';
import type { TraceStore } from './trace-store.js';
import { traceIdOf } from './traceparent.js';

/** Traces known to be under way; nothing joins further ones before their end. */
const underWayMax = 10_000;

/** Where the spans of a trace come together: in the store, and on their way to a collector where there is one. */
export class TraceHub implements SpanSink, SpanIntake, SpanCarrier {
  readonly store: TraceStore | undefined;
  readonly #exporter: SpanSink | undefined;
  /** Requests that are being served, by trace. */
  readonly #underWay = new Map<string, number>();

  constructor(store: TraceStore | undefined, exporter: SpanSink | undefined) {
    this.store = store;
    this.#exporter = exporter;
  }

  began(traceId: string): void {
    const count = this.#underWay.get(traceId) ?? 0;
    if (count > 0 || this.#underWay.size < underWayMax) this.#underWay.set(traceId, count + 1);
  }

  isUnderWay(traceId: string): boolean {
    return this.#underWay.has(traceId);
  }

  spansOf(traceId: string): readonly SpanData[] | undefined {
    return this.store?.spansOf(traceId);
  }

  add(span: SpanData): void {
    if (span.kind === 'server') this.#ended(span.traceId);
    this.join(span);
  }

  join(span: SpanData): void {
    this.store?.add(span);
    this.#exporter?.add(span);
  }

  /** Everything is where it belongs already. */
  leave(): void {}

  #ended(traceId: string): void {
    const count = this.#underWay.get(traceId) ?? 0;
    if (count > 1) this.#underWay.set(traceId, count - 1);
    else this.#underWay.delete(traceId);
  }

  take(): undefined {
    return undefined;
  }

  give(traceparent: string, spans: Buffer): void {
    this.store?.addEncoded(traceIdOf(traceparent), spans);
    const exporter = this.#exporter;
    // Decoded when the caller has its answer.
    if (exporter) setImmediate(() => exportAll(exporter, spans));
  }
}

function exportAll(exporter: SpanSink, bytes: Buffer): void {
  try {
    for (const span of decodeSpans(bytes)) exporter.add(span);
  } catch {
    // Of another release or damaged: not worth a call.
  }
}
