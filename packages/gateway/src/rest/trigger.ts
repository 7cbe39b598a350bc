import type { FunctionVersion, HttpRequest } from '@relais/contracts';
import { Form } from '@relais/contracts';
import { RelaisError } from '@relais/kit';
import { isPreflight } from '../access/function-access.js';
import type { InvokeOutput } from '../core/invoke-function.js';
import type { StreamedOutput } from '../core/streamed-output.js';
import { payloadBound, readBody } from '../net/read-body.js';
import { failed, type RestAnswer } from './answer.js';
import type { RestCall, RestShared } from './call.js';
import { corsHeaders, preflightHeaders, withCors } from './cors.js';
import { acceptsEvents, endEvent, eventHeaders, eventOf, manyEvents, OneEvent } from './event-stream.js';
import { outputType } from './output-type.js';
import { sandboxed } from './page-sandbox.js';
import { decodeText } from './query.js';
import { requestHeaders } from './request-headers.js';
import { responseHeaders, responseStatus } from './response-headers.js';
import { staticPage } from './static-page.js';
import { isTyped, type OpenedStream, openStream } from './stream-opening.js';
import { splitTrigger } from './target.js';

/** Of an output that is written as one event: so much at once. */
const eventPieceBytes = 16 * 1024;

/**
 * ANY /fn/REFERENCE[/path]: the raw request is the payload, the output is the raw response body, in one piece or as it
 * comes.
 */
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
    return { ...answer, headers: sandboxed(withCors(answer.headers ?? {}, cors)) };
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
  const { invoke } = shared.core;
  const input = { function: reference, payload, http };
  const wantsEvents = acceptsEvents(call.request.headers.accept);
  const streams = !version.wasm || wantsEvents || shared.core.runTimes.letsStream(version.id, shared.clock.nowMs());
  if (!streams) return answerOf(await observed(version, invoke.run(input, call.caller), shared), shared);
  const output = await invoke.start(input, call.caller);
  if (version.wasm) observed(version, output.end, shared).catch(() => {});
  const opening = await openStream(output, shared, wantsEvents);
  if (opening.kind === 'stream') return streamOf(output, opening, wantsEvents);
  return wantsEvents ? eventsOf(output, opening.result, shared) : answerOf(opening.result, shared);
}

async function observed(
  { id }: FunctionVersion,
  ending: Promise<InvokeOutput>,
  { core }: RestShared,
): Promise<InvokeOutput> {
  try {
    const result = await ending;
    core.runTimes.observe(id, result.timings.runUs / 1000);
    return result;
  } catch (error) {
    core.runTimes.forget(id);
    throw error;
  }
}

function answerOf(result: InvokeOutput, { limits }: RestShared): RestAnswer {
  const { functionName, http, invocationId, output } = result;
  const headers = http ? responseHeaders(http.headers, invocationId) : {};
  const status = http ? responseStatus(http.status, invocationId) : 200;
  headers['content-type'] ??= outputType(output, limits.contentTypeProbeBytesMax);
  return { status, body: hasNoBody(status) ? '' : output, headers, invocationId, functionName };
}

/** What has ended before it was answered, for one who asked for events: one event, and the end. */
function eventsOf(streamed: StreamedOutput, result: InvokeOutput, shared: RestShared): RestAnswer {
  const { functionName, http, invocationId, output } = result;
  const answer = answerOf(result, shared);
  if (isTyped(http) || hasNoBody(answer.status)) return answer;
  const headers = { ...answer.headers, ...eventHeaders };
  const common = { status: answer.status, headers, invocationId, functionName };
  if (output.length <= eventPieceBytes) return { ...common, body: eventOf(output.toString()) + endEvent(result) };
  const parts = piecesOf(output);
  return { ...common, body: '', stream: { output: streamed, parts, events: new OneEvent() } };
}

async function* piecesOf(output: Buffer): AsyncGenerator<Buffer> {
  for (let at = 0; at < output.length; at += eventPieceBytes) yield output.subarray(at, at + eventPieceBytes);
}

function hasNoBody(status: number): boolean {
  return status === 204 || status === 304;
}

/** What has begun to come: its type is what the function says, else events for one who asked for them, else text. */
function streamOf(output: StreamedOutput, { http, parts }: OpenedStream, wantsEvents: boolean): RestAnswer {
  const { functionName, invocationId } = output;
  try {
    const headers = http ? responseHeaders(http.headers, invocationId) : {};
    const status = http ? responseStatus(http.status, invocationId) : 200;
    const events = wantsEvents && headers['content-type'] === undefined;
    if (events) Object.assign(headers, eventHeaders);
    headers['content-type'] ??= 'text/plain; charset=utf-8';
    return {
      status,
      body: '',
      headers,
      stream: { output, parts, events: events ? manyEvents : undefined },
      invocationId,
      functionName,
    };
  } catch (error) {
    output.cancel();
    throw error;
  }
}
