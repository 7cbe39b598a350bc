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
  try {
    return fromJson(ValueSchema, JSON.parse(text));
  } catch {
    // Not JSON, or nested deeper than can be carried as a Value.
    return undefined;
  }
}
