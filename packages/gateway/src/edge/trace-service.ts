import type { MessageInitShape } from '@bufbuild/protobuf';
import type { ServiceImpl } from '@connectrpc/connect';
import type { SpanAttribute } from '@relais/contracts';
import { traces } from '@relais/contracts/edge';
import { type SpanData, spanToWire } from '@relais/kit';
import { type EdgeShared, serve } from './serve.js';

/** relais.v1.TraceService over the use cases. */
export function traceService(shared: EdgeShared): ServiceImpl<typeof traces.TraceService> {
  const { method } = traces.TraceService;
  return {
    getTrace: serve(shared, method.getTrace, async ({ id }, { caller }) => {
      const { traceId, spans, spansDropped } = shared.core.traces.get(id, caller);
      return { traceId, trace: { spans: spans.map(spanMessage), spansDropped } };
    }),
    listTraces: serve(shared, method.listTraces, async (asked, { caller }) => {
      const { durationMsMin, failedOnly, function: name, limit } = asked;
      return { traces: shared.core.traces.list({ durationMsMin, failedOnly, function: name, limit }, caller) };
    }),
  };
}

function spanMessage(span: SpanData): MessageInitShape<typeof traces.SpanSchema> {
  const { attributes, kind, ...fields } = spanToWire(span);
  return { ...fields, kind: Number(kind), attributes: attributes.map(attributeMessage) };
}

function attributeMessage({ name, value }: SpanAttribute): MessageInitShape<typeof traces.SpanAttributeSchema> {
  switch (value?.$case) {
    case 'text':
      return { name, value: { case: 'text', value: value.value } };
    case 'number':
      return { name, value: { case: 'number', value: value.value } };
    case 'flag':
      return { name, value: { case: 'flag', value: value.value } };
    default:
      return { name };
  }
}
