import { isUtf8 } from 'node:buffer';
import { invalid } from '../core/failures.js';
import type { InvokeOutput } from '../core/invoke-function.js';
import { payloadBound, readBody } from '../net/read-body.js';
import { jsonType, type RestAnswer } from './answer.js';
import type { RestCall, RestShared } from './call.js';
import { knownParameters } from './query.js';

// A query of one plain reference, by far the most frequent: no need to parse.
const plainQuery = /^fn=[A-Za-z0-9_@:-]+$/;

/** POST /invoke?fn=REFERENCE: the raw body is the payload, whatever its content type says. */
export async function invoke(call: RestCall, shared: RestShared): Promise<RestAnswer> {
  const { query } = call;
  const reference = plainQuery.test(query) ? query.slice('fn='.length) : knownParameters(query, ['fn']).fn;
  if (!reference) throw invalid('missing_function', 'Say which function: POST /invoke?fn=NAME.');
  const payload = await readBody(call, shared, payloadBound);
  const result = await shared.core.invoke.run({ function: reference, payload }, call.caller);
  const { functionName, invocationId } = result;
  return { status: 200, contentType: jsonType, body: body(result), invocationId, functionName };
}

// Put together by hand: this is the hot path, and only the output needs escaping.
function body(result: InvokeOutput): string {
  const { durationMs, invocationId, output } = result;
  const text = isUtf8(output)
    ? `"output":${JSON.stringify(output.toString('utf8'))}`
    : `"output":"${output.toString('base64')}","encoding":"base64"`;
  const logs = result.logs === '' ? '' : `,"logs":${JSON.stringify(result.logs)}`;
  const cut = result.logsTruncated ? ',"logsTruncated":true' : '';
  return `{"ok":true,${text},"invocationId":"${invocationId}","durationMs":${durationMs}${logs}${cut}}`;
}
