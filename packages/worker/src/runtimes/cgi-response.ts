import type { FunctionVersion, HttpHeader, HttpResponse } from '@relais/contracts';
import { RelaisError } from '@relais/kit';
import {
  isConnectionHeader,
  isFinalStatus,
  isHeaderName,
  isHeaderValue,
  responseHeadersMax,
} from './response-rules.js';
import type { Call, CallFailure, CallSuccess } from './runtime.js';

/** Header block of an answer, without the blank line. Beyond it the answer is refused. */
const headerBytesMax = 16 * 1024;
/**
 * What a program's output means for its call: for an HTTP trigger of a function with config http "cgi" a header block
 * and a body, for every other call the output itself.
 */
export function answerOf(version: FunctionVersion, call: Call, output: Uint8Array): CallSuccess | CallFailure {
  if (!call.http || version.config?.http !== 'cgi') return { ok: true, output };
  try {
    return { ok: true, ...parseCgiResponse(output) };
  } catch (error) {
    return { ok: false, error: RelaisError.from(error) };
  }
}

/**
 * Splits a CGI answer: header lines ended by LF or CRLF, a blank line, the body. `Status: 404 …` sets the status, a
 * Location alone means 302, otherwise 200; headers of the connection are dropped. Throws aborted reason function_failed
 * when there is no blank line within 16 KiB, a line is no header, there are more than 100, or the status is not 200 to 599.
 */
export function parseCgiResponse(output: Uint8Array): { http: HttpResponse; output: Uint8Array } {
  const { block, bodyOffset } = splitHeaderBlock(output);
  let status = 0;
  const headers: HttpHeader[] = [];
  for (const line of block === '' ? [] : block.split('\n')) {
    const header = parseHeaderLine(line);
    if (header.name === 'status') status = parseStatus(header.value);
    else if (!isConnectionHeader(header.name)) headers.push(header);
    if (headers.length > responseHeadersMax) throw malformed(`has more than ${responseHeadersMax} headers`);
  }
  if (status === 0) status = headers.some((header) => header.name === 'location') ? 302 : 200;
  return { http: { status, headers }, output: output.subarray(bodyOffset) };
}

/** Whether the header block at the beginning of an output has ended, or can no longer. */
export function cgiHeadEnd(output: Uint8Array): 'ended' | 'unfinished' {
  if (output.length >= headerBytesMax) return 'ended';
  const text = Buffer.from(output.buffer, output.byteOffset, output.length).toString('latin1');
  return /^\r?\n|\n\r?\n/.test(text) ? 'ended' : 'unfinished';
}

function splitHeaderBlock(output: Uint8Array): { block: string; bodyOffset: number } {
  let lineStart = 0;
  const end = Math.min(output.length, headerBytesMax);
  for (let at = 0; at < end; at += 1) {
    if (output[at] !== 0x0a) continue;
    const blank = at === lineStart || (at === lineStart + 1 && output[lineStart] === 0x0d);
    if (blank) {
      // latin1 maps bytes to code points one to one, so nothing a hostile block holds is lost or fails to decode.
      const text = Buffer.from(output.buffer, output.byteOffset, lineStart).toString('latin1');
      return { block: text.replaceAll('\r\n', '\n').replace(/\n$/, ''), bodyOffset: at + 1 };
    }
    lineStart = at + 1;
  }
  throw malformed(`has no blank line after the headers within ${headerBytesMax} bytes`);
}

function parseHeaderLine(line: string): HttpHeader {
  const colon = line.indexOf(':');
  const name = line.slice(0, colon === -1 ? 0 : colon);
  const value = line.slice(colon + 1).trim();
  if (!isHeaderName(name) || !isHeaderValue(value)) throw malformed('has a line that is no header');
  return { name: name.toLowerCase(), value };
}

function parseStatus(value: string): number {
  const status = Number(/^(\d{3})(?:\s|$)/.exec(value)?.[1]);
  if (!isFinalStatus(status)) throw malformed('has a Status that is not a number from 200 to 599');
  return status;
}

function malformed(what: string): RelaisError {
  return new RelaisError('aborted', `The function answers by CGI (config http: cgi), but its output ${what}.`, {
    reason: 'function_failed',
  });
}
