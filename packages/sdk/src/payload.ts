import { fromJson, type JsonValue, toJson } from '@bufbuild/protobuf';
import { ValueSchema } from '@bufbuild/protobuf/wkt';
import type { invocation } from '@relais/contracts/edge';
import { RelaisError } from './errors/relais-error.js';

/** What can be sent to a function: bytes and text as they are, anything else as JSON; undefined is an empty payload. */
export type Payload = Uint8Array | JsonValue | undefined;

/** The wire form of a payload. Throws RelaisError invalid_argument reason "bad_payload" for what JSON cannot express. */
export function payloadOf(payload: Payload): invocation.InvokeRequest['payload'] {
  if (payload === undefined) return { case: undefined };
  if (typeof payload === 'string') return { case: 'text', value: payload };
  if (payload instanceof Uint8Array) return { case: 'data', value: payload };
  try {
    return { case: 'json', value: fromJson(ValueSchema, payload as JsonValue) };
  } catch (cause) {
    throw new RelaisError('invalid_argument', 'The payload holds a value that JSON cannot express.', {
      reason: 'bad_payload',
      component: 'client',
      cause,
    });
  }
}

/** The plain form of an output; an empty text when there was none. */
export function outputOf(output: invocation.InvokeResponse['output']): Uint8Array | JsonValue {
  switch (output.case) {
    case 'json':
      return toJson(ValueSchema, output.value);
    case 'text':
    case 'data':
      return output.value;
    default:
      return '';
  }
}
