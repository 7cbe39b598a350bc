import type { Attributes } from '@relais/kit';

/** A span that user code made, as its shim told it; the times are from the beginning of the call. */
export interface UserSpan {
  /** 16 hexadecimal digits. */
  readonly spanId: string;
  /** Of another such span, or anything else: then it hangs on the runtime's span. */
  readonly parentSpanId: string;
  readonly name: string;
  readonly offsetMs: number;
  readonly durationMs: number;
  readonly attributes: Attributes;
  readonly failed: boolean;
}

/** Of one call; further ones are left out. */
export const userSpansMax = 100;
const textCharsMax = 256;
const attributesMax = 16;
/** What the platform says of a call, its function does not. */
const ownNames = /^(relais|faas)\./;
const idForm = /^(?!0{16})[0-9a-f]{16}$/;

/** Reads what an untrusted guest says of a span; undefined when it is none. */
export function parseUserSpan(value: unknown): UserSpan | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { attributes, durationMs, failed, name, offsetMs, parentSpanId, spanId } = value as Record<string, unknown>;
  if (typeof spanId !== 'string' || !idForm.test(spanId) || typeof name !== 'string') return undefined;
  if (!isDuration(offsetMs) || !isDuration(durationMs)) return undefined;
  return {
    spanId,
    parentSpanId: typeof parentSpanId === 'string' ? parentSpanId : '',
    name: name.slice(0, textCharsMax),
    offsetMs,
    durationMs,
    attributes: parseAttributes(attributes),
    failed: failed === true,
  };
}

function isDuration(value: unknown): value is number {
  return typeof value === 'number' && value >= 0 && value < Number.POSITIVE_INFINITY;
}

function parseAttributes(value: unknown): Attributes {
  if (typeof value !== 'object' || value === null) return {};
  const attributes: Record<string, string | number | boolean> = {};
  for (const [name, given] of Object.entries(value).slice(0, attributesMax)) {
    const key = name.slice(0, textCharsMax);
    if (ownNames.test(key)) continue;
    if (typeof given === 'string') attributes[key] = given.slice(0, textCharsMax);
    else if (typeof given === 'boolean' || Number.isFinite(given)) attributes[key] = given;
  }
  return attributes;
}
