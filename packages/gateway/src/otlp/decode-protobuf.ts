import { BinaryReader } from '@bufbuild/protobuf/wire';
import { attributesMax, blankSpan, type DecodedSpans, type RawSpan } from './sent-span.js';

// The numbers are those of opentelemetry/proto/trace/v1/trace.proto; fields that are not here are skipped. The tables are
// made once: a body may have half a million of whatever is in it.

/** What becomes of each field of a message, by its number. */
type Fields<T> = Readonly<Record<number, (reader: BinaryReader, into: T) => void>>;

type Attribute = [name: unknown, value: unknown];

/** What is known of the spans of one resource. */
interface Group {
  readonly all: { readonly spans: RawSpan[]; readonly spansMax: number; count: number };
  scope: string;
  service: unknown;
  attributesLeft: number;
}

/** Of a resource; further ones are skipped. */
const resourceAttributesMax = 128;

const anyValueFields: Fields<Attribute> = {
  1: (reader, into) => {
    into[1] = reader.string();
  },
  2: (reader, into) => {
    into[1] = reader.bool();
  },
  3: (reader, into) => {
    into[1] = Number(reader.int64());
  },
  4: (reader, into) => {
    into[1] = reader.double();
  },
};

const attributeFields: Fields<Attribute> = {
  1: (reader, into) => {
    into[0] = reader.string();
  },
  2: (reader, into) => readMessage(reader, anyValueFields, into),
};

const statusFields: Fields<RawSpan> = {
  2: (reader, span) => {
    span.statusMessage = reader.string();
  },
  3: (reader, span) => {
    span.statusCode = reader.int32();
  },
};

const spanFields: Fields<RawSpan> = {
  1: (reader, span) => {
    span.traceId = hex(reader);
  },
  2: (reader, span) => {
    span.spanId = hex(reader);
  },
  4: (reader, span) => {
    span.parentSpanId = hex(reader);
  },
  5: (reader, span) => {
    span.name = reader.string();
  },
  6: (reader, span) => {
    span.kind = reader.int32();
  },
  7: (reader, span) => {
    span.startNs = reader.fixed64();
  },
  8: (reader, span) => {
    span.endNs = reader.fixed64();
  },
  9: (reader, { attributes }) => {
    if (attributes.length < attributesMax) attributes.push(readAttribute(reader));
    else skipMessage(reader);
  },
  15: (reader, span) => readMessage(reader, statusFields, span),
};

const scopeFields: Fields<Group> = {
  1: (reader, group) => {
    group.scope = reader.string();
  },
};

const scopeSpansFields: Fields<Group> = {
  1: (reader, group) => readMessage(reader, scopeFields, group),
  2: (reader, { all }) => {
    all.count++;
    if (all.spans.length >= all.spansMax) return skipMessage(reader);
    const span = blankSpan();
    readMessage(reader, spanFields, span);
    all.spans.push(span);
  },
};

const resourceFields: Fields<Group> = {
  1: (reader, group) => {
    if (group.attributesLeft-- <= 0) return skipMessage(reader);
    const [name, value] = readAttribute(reader);
    if (name === 'service.name') group.service ??= value;
  },
};

const resourceSpansFields: Fields<Group> = {
  1: (reader, group) => readMessage(reader, resourceFields, group),
  // The name of a scope may stand behind its spans, as the resource may.
  2: (reader, group) => {
    const { spans } = group.all;
    const first = spans.length;
    group.scope = '';
    readMessage(reader, scopeSpansFields, group);
    for (let at = first; at < spans.length; at++) (spans[at] as RawSpan).scope = group.scope;
  },
};

const exportFields: Fields<Group['all']> = {
  1: (reader, all) => {
    const first = all.spans.length;
    const group: Group = { all, scope: '', service: undefined, attributesLeft: resourceAttributesMax };
    readMessage(reader, resourceSpansFields, group);
    for (let at = first; at < all.spans.length; at++) (all.spans[at] as RawSpan).service = group.service;
  },
};

/** The spans of an OTLP export in protobuf, further ones than `spansMax` only counted. Throws when it is none. */
export function decodeProtobufSpans(body: Buffer, spansMax: number): DecodedSpans {
  const all = { spans: [], spansMax, count: 0 };
  read(new BinaryReader(body), body.length, exportFields, all);
  return all;
}

function readAttribute(reader: BinaryReader): Attribute {
  const attribute: Attribute = [undefined, undefined];
  readMessage(reader, attributeFields, attribute);
  return attribute;
}

function hex(reader: BinaryReader): string {
  const bytes = reader.bytes();
  return bytes.length === 0 ? '' : Buffer.from(bytes).toString('hex');
}

/** A message that stands in another, behind its length. */
function readMessage<T>(reader: BinaryReader, fields: Fields<T>, into: T): void {
  const bytes = reader.uint32();
  if (bytes > 0) read(reader, reader.pos + bytes, fields, into);
}

// The reader's own way makes an object of what is skipped.
function skipMessage(reader: BinaryReader): void {
  const bytes = reader.uint32();
  reader.pos += bytes;
}

function read<T>(reader: BinaryReader, end: number, fields: Fields<T>, into: T): void {
  if (end > reader.len) throw new RangeError('a message is longer than what it is in');
  while (reader.pos < end) {
    const [number, type] = reader.tag();
    const field = fields[number];
    if (field) field(reader, into);
    else reader.skip(type, number);
  }
  if (reader.pos > end) throw new RangeError('a field is longer than what it is in');
}
