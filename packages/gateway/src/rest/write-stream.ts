import type { ServerResponse as Http1Response } from 'node:http';
import http2 from 'node:http2';
import { StringDecoder } from 'node:string_decoder';
import { RelaisError } from '@relais/kit';
import { isHttp2, markStreaming, type ServerResponse } from '../net/messages.js';
import type { RestAnswer } from './answer.js';
import type { RestCall, RestShared } from './call.js';
import { type EventForm, endEvent, errorEvent, idleComment } from './event-stream.js';
import type { StreamedBody } from './stream-opening.js';
import { end, headersOf, writeHead } from './write-answer.js';

/**
 * Writes an answer as it comes, no faster than the caller reads. Resolves when it is over, with the failure if there was
 * one: the caller then sees a body that breaks off, never one that ends.
 */
export async function writeStream(
  call: RestCall,
  answer: RestAnswer,
  stream: StreamedBody,
  shared: RestShared,
): Promise<RelaisError | undefined> {
  const { response } = call;
  const { output } = stream;
  if (response.destroyed) output.cancel();
  else writeHead(response, answer.status, headersOf(call, answer, shared));
  if (call.method === 'HEAD' || answer.status === 204 || answer.status === 304) {
    output.cancel();
    end(response);
    return undefined;
  }
  markStreaming(response);
  if (!isHttp2(call.request)) (response as Http1Response).flushHeaders();
  const ended = output.end.then(
    () => undefined,
    (error: unknown) => cutUnlessRead(response, RelaisError.from(error), shared),
  );
  await (stream.events ? writeEvents(response, stream, stream.events, shared) : writeBytes(response, stream));
  const failure = await ended;
  if (!failure) end(response, stream.events ? endEvent(await output.end) : '');
  else {
    if (stream.events) write(response, errorEvent(failure));
    await breakOff(call);
  }
  return failure;
}

async function writeBytes(response: ServerResponse, { parts }: StreamedBody): Promise<void> {
  for await (const part of parts) {
    if (!write(response, part)) await drained(response);
  }
}

async function writeEvents(
  response: ServerResponse,
  { parts }: StreamedBody,
  events: EventForm,
  shared: RestShared,
): Promise<void> {
  const decoder = new StringDecoder('utf8');
  let idle = true;
  const stop = shared.clock.every(shared.limits.eventStreamIdleMs, () => {
    if (idle && response.writableLength === 0) write(response, idleComment);
    idle = true;
  });
  try {
    for await (const part of parts) {
      const text = decoder.write(part);
      if (text === '') continue;
      idle = false;
      if (!write(response, events.piece(text))) await drained(response);
    }
    const rest = decoder.end();
    write(response, (rest === '' ? '' : events.piece(rest)) + events.end());
  } finally {
    stop();
  }
}

// False: wait until it has drained.
function write(response: ServerResponse, bytes: string | Buffer): boolean {
  return response.destroyed || (response as Http1Response).write(bytes);
}

function drained(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    if (response.destroyed || !response.writableNeedDrain) resolve();
    const done = () => {
      response.off('drain', done);
      response.off('close', done);
      resolve();
    };
    response.on('drain', done);
    response.on('close', done);
  });
}

// One who does not read what is left cannot be told of the failure but by this.
function cutUnlessRead(response: ServerResponse, failure: RelaisError, { clock, limits }: RestShared): RelaisError {
  const forget = clock.after(limits.failedStreamMs, () => response.destroy());
  response.once('close', forget);
  return failure;
}

/** Ends a body so that no client takes it for complete, after what was written. */
async function breakOff({ request, response }: RestCall): Promise<void> {
  if (response.writableLength > 0) await drained(response);
  if (response.destroyed) return;
  if (isHttp2(request)) request.stream.close(http2.constants.NGHTTP2_INTERNAL_ERROR);
  // HTTP/1.0 has no chunks, where the end of the connection is the end of the body.
  else if (request.httpVersion === '1.0') request.socket.resetAndDestroy();
  else request.socket.destroySoon();
}
