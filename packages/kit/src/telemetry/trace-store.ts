import { decodeSpans } from './span-codec.js';
import type { SpanData, SpanSink } from './span-data.js';
import { SpanWriter } from './span-writer.js';
import { type TraceEntry, TraceGeneration } from './trace-generation.js';

export interface TraceStoreBounds {
  /** Traces kept; beyond it the oldest go, at most an eighth of all. */
  readonly tracesMax: number;
  /** Memory of all spans, roughly; beyond it the oldest go, about an eighth. */
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

/** So many make up the whole store. */
const generations = 8;
const entryBytes = 300;

/**
 * The newest traces, in memory, each as bytes until somebody looks at it. Every bound holds at every moment; the oldest
 * generation of traces makes room.
 */
export class TraceStore implements SpanSink {
  readonly #bounds: TraceStoreBounds;
  readonly #nowMs: () => number;
  readonly #writer = new SpanWriter();
  /** Newest first. */
  readonly #generations: TraceGeneration[] = [];
  readonly #spareChunks: Buffer[] = [];
  #traceCount = 0;
  #bytes = 0;

  constructor(bounds: TraceStoreBounds, nowMs: () => number) {
    this.#bounds = bounds;
    this.#nowMs = nowMs;
  }

  get traceCount(): number {
    return this.#traceCount;
  }

  /** Of all spans, roughly. */
  get bytes(): number {
    return this.#bytes;
  }

  add(span: SpanData): void {
    const entry = this.#entryOf(span.traceId);
    if (entry.spanCount >= this.#bounds.spansPerTraceMax) {
      entry.dropped++;
      return;
    }
    entry.spanCount++;
    if (span.failed) entry.failed = true;
    const { attributes, durationUs } = span;
    const invocationId = attributes['faas.invocation.id'];
    if (typeof invocationId === 'string' && entry.invocationId === '') entry.invocationId = invocationId;
    if (isRoot(span) && !entry.rooted) {
      entry.rooted = true;
      entry.functionName = String(attributes['faas.name'] ?? '');
      entry.durationMs = durationUs / 1000;
    }
    this.#writer.write(span);
    this.#append(entry, this.#writer.lend());
  }

  /** Spans of one trace as they travel. */
  addEncoded(traceId: string, bytes: Buffer): void {
    if (bytes.length <= this.#bounds.bytesMax / 10) this.#append(this.#entryOf(traceId), bytes);
  }

  /** By trace id or invocation id; undefined when it is not kept. */
  get(id: string): KeptTrace | undefined {
    const traceId = this.#entries().find(({ invocationId }) => invocationId === id)?.traceId ?? id;
    const found = this.#read(traceId);
    return found && { ...found, spans: found.spans.sort((a, b) => a.startUs - b.startUs) };
  }

  /** The same of a trace id, in no order. */
  spansOf(traceId: string): readonly SpanData[] | undefined {
    return this.#read(traceId)?.spans;
  }

  /** Newest first. */
  list(filter: TraceFilter): TraceSummary[] {
    const found: TraceSummary[] = [];
    for (const entry of this.#entries()) {
      if (found.length >= filter.limit) break;
      if (entry.rooted && matches(entry, filter)) found.push(summaryOf(entry, this.#read(entry.traceId)?.spans ?? []));
    }
    return found;
  }

  /** Newest first, without those that are too old. */
  #entries(): TraceEntry[] {
    return this.#generations.flatMap(({ entries }) => [...entries.values()].reverse()).filter(this.#isYoung);
  }

  readonly #isYoung = ({ sinceMs }: TraceEntry) => sinceMs >= this.#nowMs() - this.#bounds.ageMsMax;

  /** What is told of a trace after its generation is over begins an entry in the next one, so that a write asks only one. */
  #entryOf(traceId: string): TraceEntry {
    const known = this.#generations[0]?.entries.get(traceId);
    if (known) return known;
    if (this.#traceCount >= this.#bounds.tracesMax) this.#forgetOldest();
    const nowMs = this.#nowMs();
    this.#traceCount++;
    this.#bytes += entryBytes;
    return this.#generationAt(nowMs).begin(traceId, nowMs);
  }

  #generationAt(nowMs: number): TraceGeneration {
    const { ageMsMax, bytesMax, tracesMax } = this.#bounds;
    const newest = this.#generations[0];
    const isOpen =
      newest &&
      newest.entries.size < tracesMax / generations &&
      bytesOf(newest) < bytesMax / generations &&
      nowMs - newest.beganMs < ageMsMax / generations;
    if (isOpen) return newest;
    // What is in the last one began before the one after it did.
    while ((this.#generations.at(-2)?.beganMs ?? nowMs) < nowMs - ageMsMax) this.#forgetOldest();
    const generation = new TraceGeneration(nowMs, this.#spareChunks);
    this.#generations.unshift(generation);
    return generation;
  }

  #append(entry: TraceEntry, bytes: Buffer): void {
    this.#bytes += entry.generation.append(entry, bytes);
    while (this.#bytes > this.#bounds.bytesMax && this.#generations.length > 0) this.#forgetOldest();
  }

  #read(traceId: string): { traceId: string; spans: SpanData[]; spansDropped: number } | undefined {
    const entries = this.#generations.flatMap(({ entries }) => entries.get(traceId) ?? []).filter(this.#isYoung);
    if (entries.length === 0) return undefined;
    const all = entries.reverse().flatMap((entry) => entry.generation.recordsOf(entry).flatMap(decoded));
    const ours = all.filter((span) => span.traceId === traceId);
    const spans = ours.slice(0, this.#bounds.spansPerTraceMax);
    const dropped = entries.reduce((sum, entry) => sum + entry.dropped, 0);
    return { traceId, spans, spansDropped: dropped + ours.length - spans.length };
  }

  #forgetOldest(): void {
    const oldest = this.#generations.pop();
    if (!oldest) return;
    oldest.end();
    this.#traceCount -= oldest.entries.size;
    this.#bytes -= bytesOf(oldest);
  }
}

function bytesOf({ bytes, entries }: TraceGeneration): number {
  return bytes + entries.size * entryBytes;
}

function decoded(bytes: Buffer): SpanData[] {
  try {
    return decodeSpans(bytes);
  } catch {
    return [];
  }
}

/** The gateway's span is the trace as its caller sees it; what lacks it, nobody listed it by. */
function isRoot({ kind, scope }: SpanData): boolean {
  return kind === 'server' && scope === 'gateway';
}

function summaryOf(entry: TraceEntry, spans: readonly SpanData[]): TraceSummary {
  const { durationMs, failed, functionName, invocationId, traceId } = entry;
  const { name = '', startUs = 0 } = spans.find(isRoot) ?? {};
  return {
    ...{ traceId, name, function: functionName, invocationId, startUs, durationMs, failed },
    spanCount: spans.length,
  };
}

function matches({ durationMs, failed, functionName }: TraceEntry, filter: TraceFilter): boolean {
  if (filter.function !== '' && functionName !== filter.function) return false;
  if (filter.only && !filter.only.has(functionName)) return false;
  return durationMs >= filter.durationMsMin && (failed || !filter.failedOnly);
}
