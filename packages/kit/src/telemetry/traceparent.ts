import { randomHex } from '../ids.js';

const form = /^00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/;

const firstLetter = 0x61;

/** The last one that was found or made well formed: the spans of one call ask one after the other. */
let lastFound: string | undefined;
/** The same of trace ids: one string for all spans of a call, whose hash need not be found anew by each map. */
let lastSplit = '';
let lastTraceId = '';

/** Whether a header value is a version-00 W3C traceparent. */
export function isTraceparent(value: string | undefined): value is string {
  if (value === undefined || value === lastFound) return value !== undefined;
  if (!form.test(value)) return false;
  lastFound = value;
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
  return digit < firstLetter ? digit % 2 === 1 : digit % 2 === 0;
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
