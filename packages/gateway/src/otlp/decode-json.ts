import type { RawSpan } from './sent-span.js';

type Fields = Readonly<Record<string, unknown>>;

/** The spans of an OTLP export as JSON; what is missing in it is left out. Throws SyntaxError when it is no JSON. */
export function decodeJsonSpans(body: Buffer): RawSpan[] {
  return list(fields(JSON.parse(body.toString())).resourceSpans).flatMap((group) => {
    const service = attributesOf(fields(group.resource)).find(([name]) => name === 'service.name')?.[1];
    return list(group.scopeSpans).flatMap(({ scope, spans }) =>
      list(spans).map((span) => spanOf(span, service, fields(scope).name)),
    );
  });
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
  return list(attributes).map(({ key, value }) => [key, plainValue(fields(value))]);
}

/** Whole numbers are strings in OTLP's JSON. */
function plainValue({ boolValue, doubleValue, intValue, stringValue }: Fields): unknown {
  if (typeof intValue === 'string') return Number(intValue);
  return stringValue ?? boolValue ?? intValue ?? doubleValue;
}

function list(value: unknown): Fields[] {
  return Array.isArray(value) ? value.map(fields) : [];
}

function fields(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? (value as Fields) : {};
}
