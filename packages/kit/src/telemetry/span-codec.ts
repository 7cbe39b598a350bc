import { type SpanAttribute, Trace, SpanKind as WireKind, type Span as WireSpan } from '@relais/contracts';
import type { SpanData } from './span-data.js';
import { SpanWriter, wireOfKind } from './span-writer.js';
import type { Attributes, SpanKind } from './tracer.js';

const kindOfWire: Readonly<Partial<Record<WireKind, SpanKind>>> = {
  [WireKind.SPAN_KIND_SERVER]: 'server',
  [WireKind.SPAN_KIND_CLIENT]: 'client',
  [WireKind.SPAN_KIND_PRODUCER]: 'producer',
  [WireKind.SPAN_KIND_CONSUMER]: 'consumer',
};

/** One for the process: nothing waits between its writes. */
const writer = new SpanWriter();

/** Spans as bytes. Bytes of several calls, one after the other, are those of all their spans. */
export function encodeSpans(spans: readonly SpanData[]): Buffer {
  for (const span of spans) writer.write(span);
  return writer.take();
}

/** Throws when they are no spans. */
export function decodeSpans(bytes: Buffer): SpanData[] {
  return Trace.decode(bytes).spans.map(fromWire);
}

export function toWire({ attributes, kind, ...span }: SpanData): WireSpan {
  return { ...span, kind: wireOfKind[kind], attributes: attributesToWire(attributes) };
}

function fromWire({ attributes, kind, ...span }: WireSpan): SpanData {
  return { ...span, kind: kindOfWire[kind] ?? 'internal', attributes: attributesFromWire(attributes) };
}

function attributesToWire(attributes: Attributes): SpanAttribute[] {
  return Object.entries(attributes).map(([name, value]) => ({ name, value: wireValue(value) }));
}

function wireValue(value: string | number | boolean): SpanAttribute['value'] {
  if (typeof value === 'number') return { $case: 'number', value };
  return typeof value === 'string' ? { $case: 'text', value } : { $case: 'flag', value };
}

function attributesFromWire(attributes: readonly SpanAttribute[]): Attributes {
  return Object.fromEntries(attributes.flatMap(({ name, value }) => (value ? [[name, value.value]] : [])));
}
