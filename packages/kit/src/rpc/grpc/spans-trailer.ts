import { Metadata } from '@grpc/grpc-js';
import type { SpanCarrier } from '../../telemetry/span-carrier.js';

const spansKey = 'relais-spans-bin';
/** With a failure's detail it must fit Node's 64 KiB of headers after base64; more spans than that are left out. */
const spansBytesMax = 8 * 1024;

/** Puts the spans of a trace that ended here into an answer's trailing metadata, which is made when there are any. */
export function takeSpans(
  carrier: SpanCarrier | undefined,
  traceparent = '',
  trailer?: Metadata,
): Metadata | undefined {
  const spans = traceparent === '' ? undefined : carrier?.take(traceparent);
  if (!spans || spans.length > spansBytesMax) return trailer;
  const metadata = trailer ?? new Metadata();
  metadata.set(spansKey, spans);
  return metadata;
}

/** Hands on the spans that came with an answer. */
export function giveSpans(carrier: SpanCarrier, traceparent: string | undefined, trailer: Metadata): void {
  const spans = trailer.get(spansKey)[0];
  if (traceparent !== undefined && spans instanceof Buffer) carrier.give(traceparent, spans);
}
