import { BinaryReader } from '@bufbuild/protobuf/wire';
import type { RawSpan } from './sent-span.js';

// The numbers are those of opentelemetry/proto/trace/v1/trace.proto; fields that are not here are skipped.

/** What becomes of each field of a message, by its number. */
type Fields = Readonly<Record<number, (reader: BinaryReader) => void>>;

/** The spans of an OTLP export in protobuf. Throws when it is none. */
export function decodeProtobufSpans(body: Buffer): RawSpan[] {
  const spans: RawSpan[] = [];
  const reader = new BinaryReader(body);
  read(reader, body.length, { 1: (inner) => readResourceSpans(inner, spans) });
  return spans;
}

function readResourceSpans(reader: BinaryReader, spans: RawSpan[]): void {
  const first = spans.length;
  const attributes: [unknown, unknown][] = [];
  readMessage(reader, {
    1: (resource) => readMessage(resource, { 1: (inner) => attributes.push(readAttribute(inner)) }),
    2: (inner) => readScopeSpans(inner, spans),
  });
  const service = attributes.find(([name]) => name === 'service.name')?.[1];
  for (const span of spans.slice(first)) span.service = service;
}

function readScopeSpans(reader: BinaryReader, spans: RawSpan[]): void {
  const first = spans.length;
  let name = '';
  readMessage(reader, {
    1: (scope) =>
      readMessage(scope, {
        1: (inner) => {
          name = inner.string();
        },
      }),
    2: (inner) => spans.push(readSpan(inner)),
  });
  for (const span of spans.slice(first)) span.scope = name;
}

function readSpan(reader: BinaryReader): RawSpan {
  const span: RawSpan = {
    ...{ traceId: '', spanId: '', parentSpanId: '', name: '', kind: 0, startNs: 0, endNs: 0, attributes: [] },
    ...{ statusCode: 0, statusMessage: '', scope: '', service: '' },
  };
  const into = (field: keyof RawSpan, value: (inner: BinaryReader) => unknown) => (inner: BinaryReader) => {
    Object.assign(span, { [field]: value(inner) });
  };
  readMessage(reader, {
    1: into('traceId', hex),
    2: into('spanId', hex),
    4: into('parentSpanId', hex),
    5: into('name', (inner) => inner.string()),
    6: into('kind', (inner) => inner.int32()),
    7: into('startNs', (inner) => inner.fixed64()),
    8: into('endNs', (inner) => inner.fixed64()),
    9: (inner) => span.attributes.push(readAttribute(inner)),
    15: (status) =>
      readMessage(status, {
        2: into('statusMessage', (inner) => inner.string()),
        3: into('statusCode', (inner) => inner.int32()),
      }),
  });
  return span;
}

function readAttribute(reader: BinaryReader): [unknown, unknown] {
  let name: unknown;
  let value: unknown;
  readMessage(reader, {
    1: (inner) => {
      name = inner.string();
    },
    2: (any) =>
      readMessage(any, {
        1: (inner) => {
          value = inner.string();
        },
        2: (inner) => {
          value = inner.bool();
        },
        3: (inner) => {
          value = Number(inner.int64());
        },
        4: (inner) => {
          value = inner.double();
        },
      }),
  });
  return [name, value];
}

function hex(reader: BinaryReader): string {
  return Buffer.from(reader.bytes()).toString('hex');
}

/** A message that stands in another, behind its length. */
function readMessage(reader: BinaryReader, fields: Fields): void {
  const bytes = reader.uint32();
  read(reader, reader.pos + bytes, fields);
}

function read(reader: BinaryReader, end: number, fields: Fields): void {
  if (end > reader.len) throw new RangeError('a message is longer than what it is in');
  while (reader.pos < end) {
    const [number, type] = reader.tag();
    const field = fields[number];
    if (field) field(reader);
    else reader.skip(type, number);
  }
  if (reader.pos > end) throw new RangeError('a field is longer than what it is in');
}
