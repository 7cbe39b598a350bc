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

const lineEnds = /\r\n|\r|\n/g;

/** An event with this text; every line end in it arrives as LF. */
export function eventOf(text: string, name?: string): string {
  return `${name === undefined ? '' : `event: ${name}\n`}data: ${text.replace(lineEnds, '\ndata: ')}\n\n`;
}

/** How text becomes events: piece by piece, and what is left at the end. */
export interface EventForm {
  piece(text: string): string;
  end(): string;
}

/** Each piece an event. */
export const manyEvents: EventForm = { piece: (text) => eventOf(text), end: () => '' };

/** All pieces one event: a text of only line ends becomes seven times as long, which is too much to make in one go. */
export class OneEvent implements EventForm {
  #begun = false;
  /** What came so far ends with a CR, which may be half of a line end. */
  #halfEnd = false;

  piece(text: string): string {
    const whole = this.#halfEnd ? `\r${text}` : text;
    this.#halfEnd = whole.endsWith('\r');
    return this.#begin() + (this.#halfEnd ? whole.slice(0, -1) : whole).replace(lineEnds, '\ndata: ');
  }

  end(): string {
    return `${this.#begin()}${this.#halfEnd ? '\ndata: ' : ''}\n\n`;
  }

  #begin(): string {
    const begin = this.#begun ? '' : 'data: ';
    this.#begun = true;
    return begin;
  }
}

/** The last event of a call that went well. */
export function endEvent({ durationMs, invocationId }: InvokeOutput): string {
  return eventOf(JSON.stringify({ ok: true, invocationId, durationMs }), 'end');
}

/** The last event of one that failed: the one error shape. */
export function errorEvent(failure: RelaisError): string {
  return eventOf(JSON.stringify(toRest(failure).body), 'error');
}
