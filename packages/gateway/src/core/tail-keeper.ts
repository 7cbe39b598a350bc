import type { RelaisError, Tracer } from '@relais/kit';
import type { CallReport } from './call-report.js';

/**
 * Keeps the trace of a call that nobody sampled when it failed or was slow. Nothing is recorded for it beforehand: where its
 * time went comes back with every answer, and the spans are made of that, in the order in which it passed.
 */
export class TailKeeper {
  readonly #tracer: Tracer;
  readonly #slowMs: number;

  /** `slowMs`: a call that takes as long is kept. */
  constructor(tracer: Tracer, slowMs: number) {
    this.#tracer = tracer;
    this.#slowMs = slowMs;
  }

  called({ endMs, failure, result, span, startMs }: CallReport): void {
    if (!span || span.recording) return;
    if (endMs - startMs < this.#slowMs && !isWorthKeeping(failure)) return;
    const parent = span.keep();
    const timings = result?.timings ?? failure?.fields.timings;
    if (!timings) return;
    const { compileUs, fetchUs, queuedUs, runUs, startUs } = timings;
    let atMs = startMs;
    const passed = (name: string, us: number, error?: RelaisError) => {
      if (us <= 0) return;
      const attributes = { 'relais.reconstructed': true };
      const phase = this.#tracer.start(name, { kind: 'internal', parent, startMs: atMs, attributes });
      atMs += us / 1000;
      phase.end(error, atMs);
    };
    passed('balancer queue', queuedUs);
    passed('worker fetch', fetchUs);
    passed('worker compile', compileUs);
    passed('runtime start', startUs);
    passed('runtime run', runUs, failure);
  }
}

/** What a caller did wrong is told to the caller; it needs no trace of ours. */
export function isWorthKeeping(failure: RelaisError | undefined): failure is RelaisError {
  return failure !== undefined && failure.fault !== 'caller';
}
