import type { SpanExporter as Exporter } from '@opentelemetry/sdk-trace';
import type { Logger } from '../logging/logger.js';

type Spans = Parameters<Exporter['export']>[0];
type Done = Parameters<Exporter['export']>[1];
type Result = Parameters<Done>[0];

const success = 0;

/** An exporter whose failures end in our log, once per outage, and nowhere else: telemetry never fails a caller. */
export class QuietExporter implements Exporter {
  readonly #inner: Exporter;
  readonly #logger: Logger;
  #droppedSpans = 0;

  constructor(inner: Exporter, logger: Logger) {
    this.#inner = inner;
    this.#logger = logger;
  }

  export(spans: Spans, done: Done): void {
    this.#inner.export(spans, (result) => {
      this.#report(result, spans.length);
      done({ code: success });
    });
  }

  shutdown(): Promise<void> {
    return this.#inner.shutdown();
  }

  async forceFlush(): Promise<void> {
    await this.#inner.forceFlush?.();
  }

  #report(result: Result, spans: number): void {
    if (result.code === success) {
      if (this.#droppedSpans > 0) {
        this.#logger.info({ droppedSpans: this.#droppedSpans }, 'the trace collector takes spans again');
      }
      this.#droppedSpans = 0;
      return;
    }
    if (this.#droppedSpans === 0) {
      this.#logger.warn(
        { error: result.error },
        'the trace collector does not take spans; they are dropped until it does',
      );
    }
    this.#droppedSpans += spans;
  }
}
