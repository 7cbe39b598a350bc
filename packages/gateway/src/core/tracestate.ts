const lengthMax = 512;
const form = /^[\x20-\x7e]+$/;

/** A tracestate header as it may be handed on; undefined when there is none or it breaks the bounds of the standard. */
export function tracestateOf(header: string | string[] | undefined): string | undefined {
  const text = Array.isArray(header) ? header.join(',') : header;
  return text !== undefined && text.length <= lengthMax && form.test(text) ? text : undefined;
}
