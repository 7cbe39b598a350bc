import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { invalid, tooLarge } from '../core/failures.js';
import { readBody, spansBound } from '../net/read-body.js';
import { inUnpackingTurn } from '../net/unpacking-turn.js';
import { decodeJsonSpans } from '../otlp/decode-json.js';
import { decodeProtobufSpans } from '../otlp/decode-protobuf.js';
import { exportAnswer } from '../otlp/export-answer.js';
import { checkedSpan, type DecodedSpans } from '../otlp/sent-span.js';
import type { RestAnswer } from './answer.js';
import type { RestCall, RestHandler, RestShared } from './call.js';

const inflate = promisify(gunzip);
const why =
  'Left out: no spans, spans of a trace that is not kept here, whose id is taken, or beyond what a request or a trace may have.';

const decoders = {
  json: { contentType: 'application/json', decode: decodeJsonSpans },
  protobuf: { contentType: 'application/x-protobuf', decode: decodeProtobufSpans },
} as const;

/** POST /v1/traces: OTLP over HTTP. Spans join the traces that are known here; how many did not is in the answer. */
export const sendSpans: RestHandler = async (call: RestCall, shared: RestShared): Promise<RestAnswer> => {
  const { core, limits } = shared;
  const encoding = encodingOf(call);
  const body = await inflated(call, await readBody(call, shared, spansBound), limits.spanBytesMax);
  const { contentType } = decoders[encoding];
  const { count, spans: raw } = decoded(encoding, body, limits.spansPerRequestMax);
  const spans = raw.map(checkedSpan).filter((span) => span !== undefined);
  const taken = core.sentSpans.take(spans, call.caller);
  return { status: 200, contentType, body: exportAnswer(encoding, count - taken, why) };
};

function encodingOf({ request }: RestCall): keyof typeof decoders {
  const type = request.headers['content-type']?.split(';')[0]?.trim().toLowerCase();
  if (type === decoders.json.contentType) return 'json';
  if (type === decoders.protobuf.contentType) return 'protobuf';
  throw invalid('bad_content_type', 'Send spans as application/x-protobuf or application/json.');
}

function decoded(encoding: keyof typeof decoders, body: Buffer, spansMax: number): DecodedSpans {
  try {
    return decoders[encoding].decode(body, spansMax);
  } catch (cause) {
    throw invalid('bad_spans', `The body is no OTLP export of spans in ${decoders[encoding].contentType}.`, { cause });
  }
}

async function inflated({ request }: RestCall, body: Buffer, bytesMax: number): Promise<Buffer> {
  const coding = request.headers['content-encoding'];
  if (coding === undefined || coding === 'identity') return body;
  if (coding !== 'gzip') throw invalid('bad_spans', 'Compress spans with gzip, or not at all.');
  try {
    return await inUnpackingTurn(() => inflate(body, { maxOutputLength: bytesMax }));
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') {
      throw tooLarge('export', spansBound.name, bytesMax, 0);
    }
    throw invalid('bad_spans', 'The body is not what gzip makes.', { cause });
  }
}
