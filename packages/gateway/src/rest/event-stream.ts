import type { OutgoingHttpHeaders } from 'node:http';
import { type RelaisError, toRest } from '@relais/kit';
import type { InvokeOutput } from '../core/invoke-function.js';

/** Headers of an answer in Server-Sent Events. */
export const eventHeaders: OutgoingHttpHeaders = Object.freeze({
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-store',
});

/** A line that clients skip. */
export const idleComment = ': \n\n';

/** Whether a caller asks for Server-Sent Events by name; a wildcard does not. */
export function acceptsEvents(accept: string | undefined): boolean {
  return accept !== undefined && /(?:^|,)\s*text\/event-stream\s*(?:;|,|$)/i.test(accept);
}

/** An event with this text; every line end in it arrives as LF. */
export function eventOf(text: string, name?: string): string {
  const lines = text.split(/\r\n|\r|\n/).map((line) => `data: ${line}\n`);
  return `${name === undefined ? '' : `event: ${name}\n`}${lines.join('')}\n`;
}

/** The last event of a call that went well. */
export function endEvent({ durationMs, invocationId }: InvokeOutput): string {
  return eventOf(JSON.stringify({ ok: true, invocationId, durationMs }), 'end');
}

/** The last event of one that failed: the one error shape. */
export function errorEvent(failure: RelaisError): string {
  return eventOf(JSON.stringify(toRest(failure).body), 'error');
}
