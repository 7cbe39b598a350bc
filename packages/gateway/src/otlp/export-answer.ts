import { BinaryWriter } from '@bufbuild/protobuf/wire';

/** What OTLP answers an export: nothing, or how many spans were left out and why. */
export function exportAnswer(encoding: 'json' | 'protobuf', rejected: number, why: string): string | Buffer {
  if (encoding === 'protobuf') return rejected === 0 ? Buffer.alloc(0) : protobufAnswer(rejected, why);
  const partial = { partialSuccess: { rejectedSpans: String(rejected), errorMessage: why } };
  return JSON.stringify(rejected === 0 ? {} : partial);
}

function protobufAnswer(rejected: number, why: string): Buffer {
  const lengthDelimited = 2;
  const writer = new BinaryWriter().tag(1, lengthDelimited).fork();
  writer.tag(1, 0).int64(rejected).tag(2, lengthDelimited).string(why).join();
  return Buffer.from(writer.finish());
}
