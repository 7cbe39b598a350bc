import { attributesMax, type DecodedSpans, type RawSpan } from './sent-span.js';

type Fields = Readonly<Record<string, unknown>>;

/**
 * The spans of an OTLP export as JSON, further ones than `spansMax` only counted; what is missing in it is left out. Throws
 * SyntaxError when it is no JSON.
 */
export function decodeJsonSpans(body: Buffer, spansMax: number): DecodedSpans {
  const decoded = { spans: [] as RawSpan[], count: 0 };
  for (const group of list(fields(JSON.parse(body.toString())).resourceSpans)) {
    const { resource, scopeSpans } = fields(group);
    let service: { readonly name: unknown } | undefined;
    for (const ofScope of list(scopeSpans)) {
      const { scope, spans } = fields(ofScope);
      const all = list(spans);
      decoded.count += all.length;
      const wanted = Math.min(all.length, spansMax - decoded.spans.length);
      if (wanted === 0) continue;
      service ??= { name: serviceOf(fields(resource)) };
      const scopeName = fields(scope).name;
      for (const span of all.slice(0, wanted)) decoded.spans.push(spanOf(fields(span), service.name, scopeName));
    }
  }
  return decoded;
}

function serviceOf({ attributes }: Fields): unknown {
  const found = list(attributes).find((attribute) => fields(attribute).key === 'service.name');
  return plainValue(fields(fields(found).value));
}

function spanOf(span: Fields, service: unknown, scope: unknown): RawSpan {
  const { endTimeUnixNano, kind, name, parentSpanId, spanId, startTimeUnixNano, traceId } = span;
  const status = fields(span.status);
  return {
    ...{ traceId, spanId, parentSpanId, name, kind, service, scope },
    startNs: startTimeUnixNano,
    endNs: endTimeUnixNano,
    attributes: attributesOf(span),
    statusCode: status.code,
    statusMessage: status.message,
  };
}

function attributesOf({ attributes }: Fields): [unknown, unknown][] {
  return list(attributes)
    .slice(0, attributesMax)
    .map(fields)
    .map(({ key, value }) => [key, plainValue(fields(value))]);
}

/** Whole numbers are strings in OTLP's JSON. */
function plainValue({ boolValue, doubleValue, intValue, stringValue }: Fields): unknown {
  if (typeof intValue === 'string') return Number(intValue);
  return stringValue ?? boolValue ?? intValue ?? doubleValue;
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function fields(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? (value as Fields) : {};
}
