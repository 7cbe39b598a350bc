import type { SpanCarrier } from './span-carrier.js';
import { decodeSpans } from './span-codec.js';
import type { SpanData, SpanSink } from './span-data.js';
import type { TraceStore } from './trace-store.js';
import { traceIdOf } from './traceparent.js';

/** Where the spans of a trace come together: in the store, and on their way to a collector where there is one. */
export class TraceHub implements SpanSink, SpanCarrier {
  readonly store: TraceStore | undefined;
  readonly #exporter: SpanSink | undefined;

  constructor(store: TraceStore | undefined, exporter: SpanSink | undefined) {
    this.store = store;
    this.#exporter = exporter;
  }

  add(span: SpanData): void {
    this.store?.add(span);
    this.#exporter?.add(span);
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
