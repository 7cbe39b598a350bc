import type { SpanData, SpanIntake } from '@relais/kit';
import { sentScope } from '../otlp/sent-span.js';
import type { Caller } from './caller.js';
import { isOf } from './traces.js';

/** Sent spans kept of one trace. */
const spansPerTraceMax = 200;

/** Lets spans that callers send join the traces they belong to. */
export class SentSpans {
  readonly #intake: SpanIntake | undefined;

  constructor(intake: SpanIntake | undefined) {
    this.#intake = intake;
  }

  /**
   * Takes spans of traces that are kept here or whose call is under way; none whose id is taken, and no more of a trace than
   * it may have. A key for some functions only adds to traces of those, once their call has ended. Answers how many it took.
   */
  take(spans: readonly SpanData[], caller: Caller): number {
    let taken = 0;
    for (const [traceId, sent] of Map.groupBy(spans, (span) => span.traceId)) {
      taken += this.#takeOf(traceId, sent, caller);
    }
    return taken;
  }

  #takeOf(traceId: string, sent: readonly SpanData[], { functions }: Caller): number {
    const intake = this.#intake;
    const kept = intake?.spansOf(traceId);
    if (!intake || !(kept ? !functions || isOf(kept, functions) : !functions && intake.isUnderWay(traceId))) return 0;
    const ids = new Set(kept?.map(({ spanId }) => spanId));
    let room = spansPerTraceMax - (kept?.filter(({ scope }) => scope === sentScope).length ?? 0);
    let taken = 0;
    for (const span of sent) {
      if (room <= 0 || ids.has(span.spanId)) continue;
      ids.add(span.spanId);
      intake.join(span);
      room--;
      taken++;
    }
    return taken;
  }
}
