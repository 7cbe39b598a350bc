import { decodeSpans } from './span-codec.js';
import type { SpanData, SpanSink } from './span-data.js';

export interface TraceStoreBounds {
  /** Traces kept; beyond it the oldest goes. */
  readonly tracesMax: number;
  /** Memory of all spans, roughly; beyond it the oldest trace goes. */
  readonly bytesMax: number;
  /** A trace is kept this long after its first span, unless something else makes it go before. */
  readonly ageMsMax: number;
  /** Spans of one trace; further ones are counted and left out. */
  readonly spansPerTraceMax: number;
}

export const defaultTraceStoreBounds: TraceStoreBounds = {
  tracesMax: 10_000,
  bytesMax: 32 * 1024 * 1024,
  ageMsMax: 3_600_000,
  spansPerTraceMax: 1000,
};

/** A trace as it is kept. */
export interface KeptTrace {
  readonly traceId: string;
  readonly spans: readonly SpanData[];
  readonly spansDropped: number;
}

/** What a list of traces says of one. */
export interface TraceSummary {
  readonly traceId: string;
  readonly name: string;
  readonly function: string;
  readonly invocationId: string;
  /** Microseconds since the epoch. */
  readonly startUs: number;
  readonly durationMs: number;
  readonly failed: boolean;
  readonly spanCount: number;
}

export interface TraceFilter {
  /** Empty: all. */
  readonly function: string;
  readonly durationMsMin: number;
  readonly failedOnly: boolean;
  readonly limit: number;
  /** Names of the only functions to tell of; absent: all. */
  readonly only?: ReadonlySet<string>;
}

interface Entry {
  readonly traceId: string;
  readonly sinceMs: number;
  spans: SpanData[];
  /** Came encoded and has not been looked at. */
  encoded: Buffer[];
  bytes: number;
  dropped: number;
  invocationId: string;
  /** The next newer one. */
  newer: Entry | undefined;
}

const baseSpanBytes = 400;
const entryBytes = 300;
/** Encoded spans take about this much less than decoded ones. */
const decodedFactor = 3;

/**
 * The newest traces, in memory. What comes encoded stays so until somebody looks at its trace. Every bound holds at every
 * moment; the oldest trace makes room.
 */
export class TraceStore implements SpanSink {
  readonly #bounds: TraceStoreBounds;
  readonly #nowMs: () => number;
  readonly #byId = new Map<string, Entry>();
  /** Ends of a list by age. Not the order of the map: it walks over all it has deleted to find its first entry. */
  #oldest: Entry | undefined;
  #newest: Entry | undefined;
  readonly #byInvocation = new Map<string, string>();
  #bytes = 0;

  constructor(bounds: TraceStoreBounds, nowMs: () => number) {
    this.#bounds = bounds;
    this.#nowMs = nowMs;
  }

  get traceCount(): number {
    return this.#byId.size;
  }

  /** Of all spans, roughly. */
  get bytes(): number {
    return this.#bytes;
  }

  add(span: SpanData): void {
    const entry = this.#entryOf(span.traceId);
    if (entry.spans.length >= this.#bounds.spansPerTraceMax) {
      entry.dropped++;
      return;
    }
    entry.spans.push(span);
    const invocationId = span.attributes['faas.invocation.id'];
    if (typeof invocationId === 'string' && entry.invocationId === '') this.#name(entry, invocationId);
    this.#grow(entry, bytesOf(span));
  }

  /** Spans of one trace as they travel. */
  addEncoded(traceId: string, bytes: Buffer): void {
    const entry = this.#entryOf(traceId);
    if (bytes.length * decodedFactor > this.#bounds.bytesMax / 10) return;
    entry.encoded.push(bytes);
    this.#grow(entry, bytes.length * decodedFactor);
  }

  /** By trace id or invocation id; undefined when it is not kept. */
  get(id: string): KeptTrace | undefined {
    const entry = this.#lookUp(this.#byInvocation.get(id) ?? id);
    if (!entry) return undefined;
    const spans = [...entry.spans].sort((a, b) => a.startUs - b.startUs);
    return { traceId: entry.traceId, spans, spansDropped: entry.dropped };
  }

  /** The same of a trace id, in no order. */
  spansOf(traceId: string): readonly SpanData[] | undefined {
    return this.#lookUp(traceId)?.spans;
  }

  /** Newest first. */
  list(filter: TraceFilter): TraceSummary[] {
    this.#forgetOld();
    const found: TraceSummary[] = [];
    for (const entry of [...this.#byId.values()].reverse()) {
      if (found.length >= filter.limit) break;
      const summary = summaryOf(entry);
      if (summary && matches(summary, filter)) found.push(summary);
    }
    return found;
  }

  #lookUp(traceId: string): Entry | undefined {
    this.#forgetOld();
    const entry = this.#byId.get(traceId);
    if (entry) this.#decode(entry);
    return entry;
  }

  #entryOf(traceId: string): Entry {
    const known = this.#byId.get(traceId);
    if (known) return known;
    if (this.#byId.size >= this.#bounds.tracesMax) this.#forgetOldest();
    const entry: Entry = {
      ...{ traceId, sinceMs: this.#nowMs(), spans: [], encoded: [], bytes: 0, dropped: 0, invocationId: '' },
      newer: undefined,
    };
    this.#byId.set(traceId, entry);
    if (this.#newest) this.#newest.newer = entry;
    else this.#oldest = entry;
    this.#newest = entry;
    this.#grow(entry, entryBytes);
    return entry;
  }

  #name(entry: Entry, invocationId: string): void {
    entry.invocationId = invocationId;
    this.#byInvocation.set(invocationId, entry.traceId);
  }

  #grow(entry: Entry, bytes: number): void {
    entry.bytes += bytes;
    this.#bytes += bytes;
    while (this.#bytes > this.#bounds.bytesMax && this.#oldest) this.#forgetOldest();
  }

  #decode(entry: Entry): void {
    const { encoded } = entry;
    if (encoded.length === 0) return;
    entry.encoded = [];
    for (const bytes of encoded) {
      for (const span of decoded(bytes)) {
        if (span.traceId !== entry.traceId) continue;
        if (entry.spans.length < this.#bounds.spansPerTraceMax) entry.spans.push(span);
        else entry.dropped++;
      }
    }
  }

  #forgetOld(): void {
    const oldestMs = this.#nowMs() - this.#bounds.ageMsMax;
    while (this.#oldest && this.#oldest.sinceMs < oldestMs) this.#forgetOldest();
  }

  #forgetOldest(): void {
    const entry = this.#oldest;
    if (!entry) return;
    this.#oldest = entry.newer;
    if (!this.#oldest) this.#newest = undefined;
    this.#byId.delete(entry.traceId);
    this.#bytes -= entry.bytes;
    if (entry.invocationId !== '') this.#byInvocation.delete(entry.invocationId);
  }
}

function decoded(bytes: Buffer): SpanData[] {
  try {
    return decodeSpans(bytes);
  } catch {
    return [];
  }
}

function bytesOf({ attributes, name, statusMessage }: SpanData): number {
  let bytes = baseSpanBytes + name.length + statusMessage.length;
  for (const key in attributes) bytes += key.length + String(attributes[key]).length + 16;
  return bytes;
}

// The gateway's span is the trace as its caller sees it; what it lacks, nobody listed it by.
function summaryOf({ encoded, invocationId, spans, traceId }: Entry): TraceSummary | undefined {
  const root = spans.find(({ kind, scope }) => kind === 'server' && scope === 'gateway');
  if (!root) return undefined;
  return {
    traceId,
    name: root.name,
    function: String(root.attributes['faas.name'] ?? ''),
    invocationId,
    startUs: root.startUs,
    durationMs: root.durationUs / 1000,
    failed: root.failed || spans.some(({ failed }) => failed),
    spanCount: spans.length + encoded.reduce((sum, bytes) => sum + decoded(bytes).length, 0),
  };
}

function matches(summary: TraceSummary, filter: TraceFilter): boolean {
  if (filter.function !== '' && summary.function !== filter.function) return false;
  if (filter.only && !filter.only.has(summary.function)) return false;
  return summary.durationMs >= filter.durationMsMin && (summary.failed || !filter.failedOnly);
}
