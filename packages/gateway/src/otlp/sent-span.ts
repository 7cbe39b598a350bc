import type { Attributes, SpanData, SpanKind } from '@relais/kit';

/** What of a span an exporter sent, in whichever encoding; nothing of it is checked. */
export interface RawSpan {
  /** Hexadecimal digits. */
  traceId: unknown;
  spanId: unknown;
  parentSpanId: unknown;
  name: unknown;
  kind: unknown;
  /** Nanoseconds since the epoch. */
  startNs: unknown;
  endNs: unknown;
  /** At most `attributesMax`. */
  attributes: (readonly [name: unknown, value: unknown])[];
  /** OTLP's number: 2 is a failure. */
  statusCode: unknown;
  statusMessage: unknown;
  scope: unknown;
  service: unknown;
}

/** What was made of an export. */
export interface DecodedSpans {
  /** As many as were asked for at most. */
  readonly spans: readonly RawSpan[];
  /** All there were. */
  readonly count: number;
}

/** Scope of every span that came from outside, whatever it says of itself: by it they are told from ours. */
export const sentScope = 'user';

/** Of one span; further ones are left out. */
export const attributesMax = 32;

const textCharsMax = 256;
const kinds: readonly SpanKind[] = ['internal', 'internal', 'server', 'client', 'producer', 'consumer'];
const failedStatus = 2;
const traceIdForm = /^(?!0{32})[0-9a-f]{32}$/;
const spanIdForm = /^(?!0{16})[0-9a-f]{16}$/;
/** What the platform says of a call, nobody else does. */
const ownNames = /^(relais|faas)\./;
const ownServices = /^relais(-|$)/;

/** A span of which nothing is known yet. */
export function blankSpan(): RawSpan {
  return {
    ...{ traceId: '', spanId: '', parentSpanId: '', name: '', kind: 0, startNs: 0, endNs: 0, attributes: [] },
    ...{ statusCode: 0, statusMessage: '', scope: '', service: '' },
  };
}

/** The span within its bounds; undefined when it is none. */
export function checkedSpan(raw: RawSpan): SpanData | undefined {
  const [traceId, spanId, parentSpanId] = [raw.traceId, raw.spanId, raw.parentSpanId].map(lowerCase);
  if (traceId === undefined || !traceIdForm.test(traceId)) return undefined;
  if (spanId === undefined || !spanIdForm.test(spanId) || spanId === parentSpanId) return undefined;
  const [startUs, endUs] = [microseconds(raw.startNs), microseconds(raw.endNs)];
  if (startUs === undefined || endUs === undefined || endUs < startUs) return undefined;
  const service = text(raw.service);
  return {
    traceId,
    spanId,
    parentSpanId: parentSpanId !== undefined && spanIdForm.test(parentSpanId) ? parentSpanId : '',
    name: text(raw.name),
    kind: kinds[Number(raw.kind)] ?? 'internal',
    scope: sentScope,
    service: service === '' || ownServices.test(service) ? sentScope : service,
    startUs,
    durationUs: endUs - startUs,
    attributes: attributesOf(raw),
    failed: raw.statusCode === failedStatus,
    statusMessage: text(raw.statusMessage),
  };
}

function attributesOf({ attributes, scope }: RawSpan): Attributes {
  const kept: Record<string, string | number | boolean> = {};
  const scopeName = text(scope);
  if (scopeName !== '') kept['otel.scope.name'] = scopeName;
  for (const [name, value] of attributes) {
    const key = text(name);
    if (key === '' || ownNames.test(key)) continue;
    if (typeof value === 'string') kept[key] = text(value);
    else if (typeof value === 'boolean' || (typeof value === 'number' && Number.isFinite(value))) kept[key] = value;
  }
  return kept;
}

function text(value: unknown): string {
  return typeof value === 'string' ? value.slice(0, textCharsMax) : '';
}

function lowerCase(value: unknown): string | undefined {
  return typeof value === 'string' ? value.toLowerCase() : undefined;
}

function microseconds(ns: unknown): number | undefined {
  if (typeof ns !== 'bigint' && typeof ns !== 'number' && typeof ns !== 'string') return undefined;
  const us = Number(ns) / 1000;
  return us > 0 && us <= Number.MAX_SAFE_INTEGER ? us : undefined;
}
