import { randomHex } from '../ids.js';

const digits = { zero: 0x30, nine: 0x39 };
const letters = { a: 0x61, f: 0x66 };

/** The last one that was found or made well formed: the spans of one call ask one after the other. */
let lastFound: string | undefined;
/** The same of trace ids: one string for all spans of a call, whose hash need not be found anew by each map. */
let lastSplit = '';
let lastTraceId = '';

/** Whether a header value is a version-00 W3C traceparent. */
export function isTraceparent(value: string | undefined): value is string {
  if (value === undefined || value === lastFound) return value !== undefined;
  if (!isWellFormed(value)) return false;
  lastFound = value;
  return true;
}

/** By hand: this is asked of each call, and a regular expression takes many times as long. */
function isWellFormed(value: string): boolean {
  if (value.length !== 55 || !value.startsWith('00-') || value[35] !== '-' || value[52] !== '-') return false;
  return isId(value, 3, 35) && isId(value, 36, 52) && isHex(value, 53, 55);
}

/** Hexadecimal, and not all zeros. */
function isId(text: string, start: number, end: number): boolean {
  let at = start;
  while (at < end && text.charCodeAt(at) === digits.zero) at++;
  return at < end && isHex(text, at, end);
}

/** Whether a part of a text is lower-case hexadecimal. */
function isHex(text: string, start: number, end: number): boolean {
  for (let at = start; at < end; at++) {
    const code = text.charCodeAt(at);
    const isDigit = code >= digits.zero && code <= digits.nine;
    if (!isDigit && (code < letters.a || code > letters.f)) return false;
  }
  return true;
}

/** The trace id of a well-formed traceparent, 32 hexadecimal digits. */
export function traceIdOf(traceparent: string): string {
  if (traceparent !== lastSplit) {
    lastSplit = traceparent;
    lastTraceId = traceparent.slice(3, 35);
  }
  return lastTraceId;
}

/** By which trace a log line is found: a field for it, none where there is no trace. */
export function traceField(traceparent: string | undefined): { readonly traceId?: string } {
  return isTraceparent(traceparent) ? { traceId: traceIdOf(traceparent) } : {};
}

/** The span id of a well-formed traceparent, 16 hexadecimal digits. */
export function spanIdOf(traceparent: string): string {
  return traceparent.slice(36, 52);
}

/** Whether a well-formed traceparent says that its trace is kept. */
export function isSampled(traceparent: string): boolean {
  const digit = traceparent.charCodeAt(54);
  // Among the letters an even code is an odd digit: b, d, f.
  return digit < letters.a ? digit % 2 === 1 : digit % 2 === 0;
}

/** The same of ids. */
export function formatTraceparent(traceId: string, spanId: string, sampled: boolean): string {
  lastFound = `00-${traceId}-${spanId}-${sampled ? '01' : '00'}`;
  lastSplit = lastFound;
  lastTraceId = traceId;
  return lastFound;
}

/** A new trace: random ids. */
export function newTraceparent(sampled: boolean): string {
  return formatTraceparent(randomHex(16), randomHex(8), sampled);
}
