import type { RelaisError } from '../errors/relais-error.js';
import { randomHex } from '../ids.js';
import { RecordedSpan, type SpanScope } from './recorded-span.js';
import { newTraceparent, spanIdOf, traceIdOf } from './traceparent.js';
import type { Attributes, Span, SpanStart } from './tracer.js';

/** What a span that nobody samples remembers, so that it can be kept after all. */
export interface KeepableStart {
  readonly name: string;
  readonly options: SpanStart;
  /** Monotonic milliseconds. */
  readonly startMs: number;
  readonly scope: SpanScope;
}

/**
 * A span nobody samples: hands the caller's trace on, or begins one when somebody asks for it. Until its end it can be told
 * to keep itself, when what it watches turns out to be worth it; that costs what it remembers, three references.
 */
export class UnsampledSpan implements Span {
  #traceparent: string | undefined;
  #kept: RecordedSpan | undefined;
  readonly #start: KeepableStart | undefined;
  readonly #parent: string | undefined;

  /** `parent` is well-formed. Without `start` it cannot be kept. */
  constructor(parent: string | undefined, start?: KeepableStart) {
    this.#parent = parent;
    this.#traceparent = parent;
    this.#start = start;
  }

  get recording(): boolean {
    return this.#kept !== undefined;
  }

  get traceparent(): string {
    this.#traceparent ??= newTraceparent(false);
    return this.#traceparent;
  }

  set(attributes: Attributes): void {
    this.#kept?.set(attributes);
  }

  keep(): string {
    if (!this.#start) return this.traceparent;
    this.#kept ??= this.#record(this.#start);
    return this.#kept.traceparent;
  }

  end(failure?: RelaisError, atMs?: number): void {
    this.#kept?.end(failure, atMs);
  }

  // What was handed out in our own name is this span's; a caller's is its parent.
  #record({ name, options, scope, startMs }: KeepableStart): RecordedSpan {
    const { kind, attributes } = options;
    const traceId = traceIdOf(this.traceparent);
    const spanId = this.#parent === undefined ? spanIdOf(this.traceparent) : randomHex(8);
    const parentSpanId = this.#parent === undefined ? '' : spanIdOf(this.#parent);
    return new RecordedSpan({ name, kind, traceId, spanId, parentSpanId, startMs, attributes }, scope);
  }
}
