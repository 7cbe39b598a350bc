import { isUtf8 } from 'node:buffer';
import { fromJson, toJson } from '@bufbuild/protobuf';
import { type Value, ValueSchema } from '@bufbuild/protobuf/wkt';
import type { invocation } from '@relais/contracts/edge';
import { invalid } from '../core/failures.js';

type Payload = invocation.InvokeRequest['payload'];
type Output = invocation.InvokeResponse['output'];

/** The bytes a function gets for a payload in any form. Throws invalid_argument for a number JSON does not know. */
export function payloadOf(payload: Payload): Buffer {
  switch (payload.case) {
    case 'data':
      return Buffer.from(payload.value.buffer, payload.value.byteOffset, payload.value.length);
    case 'text':
      return Buffer.from(payload.value);
    case 'json':
      return Buffer.from(jsonText(payload.value));
    default:
      return Buffer.alloc(0);
  }
}

/**
 * The output in the form of the payload: json when it parses; text when it is UTF-8, which also serves json that does not
 * parse and a request without a payload, so that nobody reads base64 without having sent bytes; else data.
 */
export function outputOf(output: Buffer, form: Payload['case']): Output {
  if (form === 'data' || !isUtf8(output)) return { case: 'data', value: output };
  const text = output.toString('utf8');
  const value = form === 'json' ? parsed(text) : undefined;
  return value ? { case: 'json', value } : { case: 'text', value: text };
}

function jsonText(value: Value): string {
  try {
    return JSON.stringify(toJson(ValueSchema, value));
  } catch (cause) {
    throw invalid('malformed_json', 'The json payload has a value that JSON cannot express; send text or data.', {
      cause,
    });
  }
}

function parsed(text: string): Value | undefined {
  // To be told by an exception that plain text is no JSON costs more than all else here.
  if (!jsonBegins.test(text)) return undefined;
  try {
    return fromJson(ValueSchema, JSON.parse(text, mayBeInfinite.test(text) ? finite : undefined));
  } catch {
    // Not JSON, nested deeper than can be carried as a Value, or a number that is too large for it.
    return undefined;
  }
}

/** What only a number beyond a double is written with: an exponent, or more digits than the largest has. */
const mayBeInfinite = /\d[eE]|\d{309}/;

function finite(_name: string, value: unknown): unknown {
  if (value === Number.POSITIVE_INFINITY || value === Number.NEGATIVE_INFINITY) throw new RangeError('too large');
  return value;
}

const jsonBegins = /^[ \t\n\r]*["[{tfn\d-]/;

/** The output in parts: as text for as long as it is UTF-8 and the payload was not data, and then as data. */
export class OutputChunks {
  #isText: boolean;
  /** Bytes of a character whose end has not come. */
  #carry = Buffer.alloc(0);

  constructor(form: Payload['case']) {
    this.#isText = form !== 'data';
  }

  /** What can be said of the next bytes; undefined when that must wait for more. */
  next(bytes: Buffer): Output | undefined {
    const all = this.#carry.length > 0 ? Buffer.concat([this.#carry, bytes]) : bytes;
    this.#carry = Buffer.alloc(0);
    const end = this.#isText ? all.length - unfinishedBytes(all) : all.length;
    const complete = all.subarray(0, end);
    this.#isText &&= isUtf8(complete);
    if (!this.#isText) return dataOf(all);
    this.#carry = Buffer.from(all.subarray(end));
    return end > 0 ? { case: 'text', value: complete.toString('utf8') } : undefined;
  }

  /** What is left when no more comes. */
  rest(): Output | undefined {
    return dataOf(this.#carry);
  }
}

function dataOf(bytes: Buffer): Output | undefined {
  return bytes.length > 0 ? { case: 'data', value: bytes } : undefined;
}

// How many bytes at the end begin a character of UTF-8 and do not complete it.
function unfinishedBytes(bytes: Buffer): number {
  for (let back = 1; back <= 3 && back <= bytes.length; back++) {
    const needed = bytesFrom(bytes[bytes.length - back] as number);
    if (needed > 0) return back < needed ? back : 0;
  }
  return 0;
}

// How many bytes a character has that begins with this one; 0: none does.
function bytesFrom(lead: number): number {
  if (lead < 0x80) return 1;
  if (lead < 0xc0) return 0;
  if (lead < 0xe0) return 2;
  if (lead < 0xf0) return 3;
  return lead < 0xf8 ? 4 : 1;
}
