import type { HttpRequest } from '@relais/contracts';
import { Form, type FunctionVersion } from '@relais/contracts';
import { RelaisError } from '@relais/kit';
import { isPreflight } from '../access/function-access.js';
import type { InvokeOutput } from '../core/invoke-function.js';
import { failed, type RestAnswer } from './answer.js';
import { payloadBound, readBody } from './body.js';
import type { RestCall, RestShared } from './call.js';
import { corsHeaders, preflightHeaders } from './cors.js';
import { outputType } from './output-type.js';
import { sandboxed } from './page-sandbox.js';
import { decodeText } from './query.js';
import { requestHeaders } from './request-headers.js';
import { responseHeaders, responseStatus } from './response-headers.js';
import { staticPage } from './static-page.js';
import { splitTrigger } from './target.js';

/** ANY /fn/REFERENCE[/path]: the raw request is the payload, the output is the raw response body. */
export async function trigger(call: RestCall, shared: RestShared): Promise<RestAnswer> {
  const target = splitTrigger(call.path);
  const reference = decodeText(target?.reference ?? '', 'path');
  const path = target?.rest ?? '';
  decodeText(path, 'path');
  const { functions } = shared.core;
  const version = functions.peek(reference, call.caller) ?? (await functions.resolve(reference, call.caller));
  const cors = corsHeaders(version, call.request);
  if (isPreflight(version.config?.cors ?? [], call.request)) {
    return { status: 204, body: '', headers: { ...cors, ...preflightHeaders(call.request) } };
  }
  try {
    const answer = await answerTo({ version, reference, path }, call, shared);
    return { ...answer, headers: sandboxed({ ...answer.headers, ...cors }) };
  } catch (error) {
    return failed(RelaisError.from(error), call.caller.traceparent, cors);
  }
}

async function answerTo(
  { path, reference, version }: { version: FunctionVersion; reference: string; path: string },
  call: RestCall,
  shared: RestShared,
): Promise<RestAnswer> {
  if (version.form === Form.FORM_STATIC) return staticPage(call, shared, version, path);
  const payload = await readBody(call, shared, payloadBound);
  const http: HttpRequest = { method: call.method, path, query: call.query, headers: requestHeaders(call.request) };
  return answerOf(await shared.core.invoke.run({ function: reference, payload, http }, call.caller), shared);
}

function answerOf(result: InvokeOutput, { limits }: RestShared): RestAnswer {
  const { functionName, http, invocationId, output } = result;
  const headers = http ? responseHeaders(http.headers, invocationId) : {};
  const status = http ? responseStatus(http.status, invocationId) : 200;
  headers['content-type'] ??= outputType(output, limits.contentTypeProbeBytesMax);
  const hasNoBody = status === 204 || status === 304;
  return { status, body: hasNoBody ? '' : output, headers, invocationId, functionName };
}
