import { SpanKind as WireKind } from '@relais/contracts';
import type { SpanData } from './span-data.js';
import type { SpanKind } from './tracer.js';

export const wireOfKind: Readonly<Record<SpanKind, WireKind>> = {
  internal: WireKind.SPAN_KIND_INTERNAL,
  server: WireKind.SPAN_KIND_SERVER,
  client: WireKind.SPAN_KIND_CLIENT,
  producer: WireKind.SPAN_KIND_PRODUCER,
  consumer: WireKind.SPAN_KIND_CONSUMER,
};

/** Field numbers of relais.v1 with their wire types, as they stand before each field. */
const tags = {
  traceSpans: 0x0a,
  ...{ traceId: 0x0a, spanId: 0x12, parentSpanId: 0x1a, name: 0x22, kind: 0x28, scope: 0x32, service: 0x3a },
  ...{ startUs: 0x41, durationUs: 0x49, attributes: 0x52, failed: 0x58, statusMessage: 0x62 },
  ...{ attributeName: 0x0a, text: 0x12, number: 0x19, flag: 0x20 },
};

/** A length that is known only afterwards has so much room; a varint may be longer than it need be. */
const lengthBytes = 4;
const firstBytes = 16 * 1024;
/** Beside its strings no field takes more. */
const fieldBytes = 16;
const utf8BytesPerUnit = 3;

/**
 * Writes spans as relais.v1.Trace, by hand: the generated code makes an object of each attribute and a buffer of each
 * string, and took ten times as long, which was half of what tracing a call cost.
 */
export class SpanWriter {
  #bytes = Buffer.allocUnsafeSlow(firstBytes);
  #at = 0;

  /** Adds a span to what has been written since the last `take`. */
  write(span: SpanData): void {
    const { attributes } = span;
    const spanAt = this.#open(tags.traceSpans);
    this.#text(tags.traceId, span.traceId);
    this.#text(tags.spanId, span.spanId);
    this.#text(tags.parentSpanId, span.parentSpanId);
    this.#text(tags.name, span.name);
    this.#byte(tags.kind, wireOfKind[span.kind]);
    this.#text(tags.scope, span.scope);
    this.#text(tags.service, span.service);
    this.#double(tags.startUs, span.startUs);
    this.#double(tags.durationUs, span.durationUs);
    for (const name in attributes) this.#attribute(name, attributes[name] ?? '');
    if (span.failed) this.#byte(tags.failed, 1);
    this.#text(tags.statusMessage, span.statusMessage);
    this.#close(spanAt);
  }

  /** What has been written, copied. */
  take(): Buffer {
    return Buffer.from(this.lend());
  }

  /** The same, good until the next `write`. */
  lend(): Buffer {
    const lent = this.#bytes.subarray(0, this.#at);
    this.#at = 0;
    return lent;
  }

  #attribute(name: string, value: string | number | boolean): void {
    const attributeAt = this.#open(tags.attributes);
    this.#text(tags.attributeName, name);
    if (typeof value === 'string') this.#text(tags.text, value);
    else if (typeof value === 'number') this.#double(tags.number, value);
    else this.#byte(tags.flag, value ? 1 : 0);
    this.#close(attributeAt);
  }

  #open(tag: number): number {
    this.#room(fieldBytes);
    this.#bytes[this.#at] = tag;
    this.#at += 1 + lengthBytes;
    return this.#at;
  }

  #close(startAt: number): void {
    this.#length(startAt - lengthBytes, this.#at - startAt);
  }

  #length(at: number, length: number): void {
    const bytes = this.#bytes;
    bytes[at] = (length & 0x7f) | 0x80;
    bytes[at + 1] = ((length >>> 7) & 0x7f) | 0x80;
    bytes[at + 2] = ((length >>> 14) & 0x7f) | 0x80;
    bytes[at + 3] = (length >>> 21) & 0x7f;
  }

  #text(tag: number, text: string): void {
    const { length } = text;
    if (length === 0 && tag !== tags.text) return;
    this.#room(fieldBytes + length * utf8BytesPerUnit);
    const bytes = this.#bytes;
    let at = this.#at;
    bytes[at++] = tag;
    if (length < 0x80) {
      bytes[at++] = length;
      let unit = 0;
      let read = 0;
      // A native call for so few bytes takes longer.
      for (; read < length && unit < 0x80; read++) {
        unit = text.charCodeAt(read);
        bytes[at + read] = unit;
      }
      if (unit < 0x80) {
        this.#at = at + length;
        return;
      }
      at--;
    }
    const written = bytes.write(text, at + lengthBytes);
    this.#length(at, written);
    this.#at = at + lengthBytes + written;
  }

  #byte(tag: number, value: number): void {
    this.#room(fieldBytes);
    this.#bytes[this.#at++] = tag;
    this.#bytes[this.#at++] = value;
  }

  #double(tag: number, value: number): void {
    this.#room(fieldBytes);
    this.#bytes[this.#at++] = tag;
    this.#at = this.#bytes.writeDoubleLE(value, this.#at);
  }

  #room(bytes: number): void {
    if (this.#at + bytes <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafeSlow((this.#at + bytes) * 2);
    this.#bytes.copy(larger, 0, 0, this.#at);
    this.#bytes = larger;
  }
}
