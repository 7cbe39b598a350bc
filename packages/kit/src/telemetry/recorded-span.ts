import { type Span as OtelSpan, SpanStatusCode } from '@opentelemetry/api';
import { ATTR_ERROR_TYPE } from '@opentelemetry/semantic-conventions';
import type { RelaisError } from '../errors/relais-error.js';
import type { EpochClock } from './epoch-clock.js';
import type { Attributes, Span } from './tracer.js';

const messageLengthMax = 1024;

/** A span that OpenTelemetry keeps and exports. */
export class RecordedSpan implements Span {
  readonly recording = true;
  readonly #span: OtelSpan;
  readonly #clock: EpochClock;
  #traceparent: string | undefined;

  constructor(span: OtelSpan, clock: EpochClock) {
    this.#span = span;
    this.#clock = clock;
  }

  get traceparent(): string {
    const { traceId, spanId } = this.#span.spanContext();
    this.#traceparent ??= `00-${traceId}-${spanId}-01`;
    return this.#traceparent;
  }

  set(attributes: Attributes): void {
    if (this.#span.isRecording()) this.#span.setAttributes(attributes);
  }

  end(failure?: RelaisError, atMs?: number): void {
    if (!this.#span.isRecording()) return;
    if (failure) this.#fail(failure);
    this.#span.end(this.#clock.toEpochMs(atMs ?? this.#clock.nowMs()));
  }

  #fail(failure: RelaisError): void {
    this.#span.setStatus({ code: SpanStatusCode.ERROR, message: failure.message.slice(0, messageLengthMax) });
    this.#span.setAttributes({ [ATTR_ERROR_TYPE]: failure.code, 'relais.fault': failure.fault });
    if (failure.fields.reason !== undefined) this.#span.setAttribute('relais.reason', failure.fields.reason);
  }
}
