import { BinaryWriter } from '@bufbuild/protobuf/wire';
import { decodeJsonSpans } from './decode-json.js';
import { decodeProtobufSpans } from './decode-protobuf.js';
import { attributesMax } from './sent-span.js';

/** One resource of an export: its service, and the spans of its scopes by name, each with so many attributes. */
interface Resource {
  readonly service: string;
  readonly scopes: Readonly<Record<string, readonly { readonly name: string; readonly attributes: number }[]>>;
}

const many = (count: number) => Array.from({ length: count }, (_, index) => `k${index}`);

function json(resources: readonly Resource[]): Buffer {
  const resourceSpans = resources.map(({ scopes, service }) => ({
    resource: { attributes: [{ key: 'service.name', value: { stringValue: service } }] },
    scopeSpans: Object.entries(scopes).map(([name, spans]) => ({
      scope: { name },
      spans: spans.map((span) => ({
        name: span.name,
        attributes: many(span.attributes).map((key) => ({ key, value: { intValue: '7' } })),
      })),
    })),
  }));
  return Buffer.from(JSON.stringify({ resourceSpans }));
}

/** With what says of spans whose they are behind them, as any encoder may put it. */
function protobuf(resources: readonly Resource[]): Buffer {
  const writer = new BinaryWriter();
  const within = (field: number, write: () => void) => {
    writer.tag(field, 2).fork();
    write();
    writer.join();
  };
  const text = (field: number, value: string) => writer.tag(field, 2).string(value);
  for (const { scopes, service } of resources) {
    within(1, () => {
      for (const [name, spans] of Object.entries(scopes)) {
        within(2, () => {
          for (const span of spans) {
            within(2, () => {
              text(5, span.name);
              for (const key of many(span.attributes)) {
                within(9, () => {
                  text(1, key);
                  within(2, () => writer.tag(3, 0).int64(7));
                });
              }
            });
          }
          within(1, () => text(1, name));
        });
      }
      within(1, () =>
        within(1, () => {
          text(1, 'service.name');
          within(2, () => text(1, service));
        }),
      );
    });
  }
  return Buffer.from(writer.finish());
}

describe.each([
  ['JSON', decodeJsonSpans, json],
  ['protobuf', decodeProtobufSpans, protobuf],
])('an export as %s', (_encoding, decode, encode) => {
  const span = (name: string, attributes = 0) => ({ name, attributes });
  const two = [
    { service: 'shop', scopes: { http: [span('a'), span('b')], sql: [span('c')] } },
    { service: 'bank', scopes: { grpc: [span('d'), span('e')] } },
  ];

  test('makes spans of their resource and scope up to a bound, and counts the others', () => {
    const { count, spans } = decode(encode(two), 4);
    expect(spans.map(({ name, scope, service }) => [name, scope, service])).toEqual([
      ['a', 'http', 'shop'],
      ['b', 'http', 'shop'],
      ['c', 'sql', 'shop'],
      ['d', 'grpc', 'bank'],
    ]);
    expect(count).toBe(5);
    expect(decode(encode(two), 1)).toMatchObject({ spans: [{ name: 'a' }], count: 5 });
    expect(decode(encode([]), 4)).toMatchObject({ spans: [], count: 0 });
  });

  test('has no more attributes of a span than are kept', () => {
    const scopes = { http: [span('a', attributesMax + 100), span('b', 1)] };
    const { spans } = decode(encode([{ service: 'shop', scopes }]), 4);
    expect(spans.map(({ attributes }) => attributes.length)).toEqual([attributesMax, 1]);
    expect(spans[0]?.attributes.at(-1)).toEqual([`k${attributesMax - 1}`, 7]);
  });
});

test('half a million empty spans in protobuf are counted, not made', () => {
  const [spanBytes, headBytes] = [2, 4];
  const spans = Buffer.alloc(500_000 * spanBytes, Buffer.from([0x12, 0]));
  const head = (tag: number, bytes: number) =>
    Buffer.from([tag, (bytes & 127) | 128, ((bytes >> 7) & 127) | 128, bytes >> 14]);
  const body = Buffer.concat([head(0x0a, spans.length + headBytes), head(0x12, spans.length), spans]);
  const decoded = decodeProtobufSpans(body, 1_000);
  expect([decoded.spans.length, decoded.count]).toEqual([1_000, 500_000]);
});

test('protobuf that is cut off is refused also where it is not decoded', () => {
  const whole = protobuf([{ service: 'shop', scopes: { http: [{ name: 'a', attributes: attributesMax + 9 }] } }]);
  expect(() => decodeProtobufSpans(whole.subarray(0, -1), 0)).toThrow(RangeError);
  expect(() => decodeProtobufSpans(whole.subarray(0, -1), 9)).toThrow(RangeError);
});
