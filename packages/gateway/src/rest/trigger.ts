import type { HttpRequest } from '@relais/contracts';
import { Form } from '@relais/contracts';
import type { InvokeOutput } from '../core/invoke-function.js';
import type { RestAnswer } from './answer.js';
import { payloadBound, readBody } from './body.js';
import type { RestCall, RestShared } from './call.js';
import { outputType } from './output-type.js';
import { decodeText } from './query.js';
import { requestHeaders } from './request-headers.js';
import { responseHeaders, responseStatus } from './response-headers.js';
import { staticPage } from './static-page.js';

const prefixLength = '/fn/'.length;

/** ANY /fn/REFERENCE[/path]: the raw request is the payload, the output is the raw response body. */
export async function trigger(call: RestCall, shared: RestShared): Promise<RestAnswer> {
  const slash = call.path.indexOf('/', prefixLength);
  const reference = decodeText(call.path.slice(prefixLength, slash < 0 ? undefined : slash), 'path');
  const path = slash < 0 ? '' : call.path.slice(slash);
  decodeText(path, 'path');
  const { functions, invoke } = shared.core;
  const version = functions.peek(reference) ?? (await functions.resolve(reference, call.caller));
  if (version.form === Form.FORM_STATIC) return staticPage(call, shared, version, path);
  const payload = await readBody(call, shared, payloadBound);
  const http: HttpRequest = { method: call.method, path, query: call.query, headers: requestHeaders(call.request) };
  return answerOf(await invoke.run({ function: reference, payload, http }, call.caller), shared);
}

function answerOf(result: InvokeOutput, { limits }: RestShared): RestAnswer {
  const { functionName, http, invocationId, output } = result;
  const headers = http ? responseHeaders(http.headers, invocationId) : {};
  const status = http ? responseStatus(http.status, invocationId) : 200;
  headers['content-type'] ??= outputType(output, limits.contentTypeProbeBytesMax);
  const hasNoBody = status === 204 || status === 304;
  return { status, body: hasNoBody ? '' : output, headers, invocationId, functionName };
}
