import type { FunctionVersion, HttpHeader, HttpResponse } from '@relais/contracts';
import { RelaisError } from '@relais/kit';
import type { Call, CallFailure, CallSuccess } from './runtime.js';

/** Header block of an answer, without the blank line. Beyond it the answer is refused. */
const headerBytesMax = 16 * 1024;
const headersMax = 100;
const headerName = /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,256}$/;

// The connection is the gateway's: a function may neither frame the answer nor keep or change the protocol.
const connectionHeaders: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'keep-alive',
  'proxy-authenticate',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

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
    else if (!connectionHeaders.has(header.name)) headers.push(header);
    if (headers.length > headersMax) throw malformed(`has more than ${headersMax} headers`);
  }
  if (status === 0) status = headers.some((header) => header.name === 'location') ? 302 : 200;
  return { http: { status, headers }, output: output.subarray(bodyOffset) };
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
  if (!headerName.test(name) || hasControlCharacter(value)) throw malformed('has a line that is no header');
  return { name: name.toLowerCase(), value };
}

function hasControlCharacter(text: string): boolean {
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if ((code < 0x20 && code !== 0x09) || code === 0x7f) return true;
  }
  return false;
}

function parseStatus(value: string): number {
  const match = /^([2-5]\d\d)(?:\s|$)/.exec(value);
  if (!match) throw malformed('has a Status that is not a number from 200 to 599');
  return Number(match[1]);
}

function malformed(what: string): RelaisError {
  return new RelaisError('aborted', `The function answers by CGI (config http: cgi), but its output ${what}.`, {
    reason: 'function_failed',
  });
}
