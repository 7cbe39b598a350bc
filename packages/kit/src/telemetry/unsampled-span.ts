import { newTraceparent } from './traceparent.js';
import type { Span } from './tracer.js';

/** A span nothing keeps: hands the caller's trace on, or begins one when somebody asks for it. */
export class UnsampledSpan implements Span {
  readonly recording = false;
  #traceparent: string | undefined;

  /** `parent` is well-formed. */
  constructor(parent: string | undefined) {
    this.#traceparent = parent;
  }

  get traceparent(): string {
    this.#traceparent ??= newTraceparent(false);
    return this.#traceparent;
  }

  set(): void {}

  end(): void {}
}
