// The part of the shim that times what user code wants timed.
import { AsyncLocalStorage } from 'node:async_hooks';
import { randomBytes } from 'node:crypto';

/** The span that surrounds what runs now, of those that user code made. */
const surrounding = new AsyncLocalStorage();
const spansMax = 100;
const attributesMax = 16;
const textCharsMax = 256;

/** context.span(name, run, attributes): times what run does, under the span around it; gives back what it gives back. */
export function spanMaker({ call, traceparent }, send) {
  const beganMs = performance.now();
  const sampled = (Number.parseInt(traceparent.slice(-2), 16) & 1) === 1;
  let count = 0;
  return (name, run, attributes = {}) => {
    if (!sampled || count++ >= spansMax) return run();
    const spanId = randomBytes(8).toString('hex');
    const parentSpanId = surrounding.getStore() ?? traceparent.slice(36, 52);
    const offsetMs = performance.now() - beganMs;
    const end = (failed) => {
      const durationMs = performance.now() - beganMs - offsetMs;
      const span = { spanId, parentSpanId, name: cut(String(name)), offsetMs, durationMs, failed };
      send({ type: 'span', call, span: { ...span, attributes: attributesOf(attributes) } });
    };
    return ended(() => surrounding.run(spanId, run), end);
  };
}

/** Calls, and says when it is over and whether it threw; a promise is over when it is settled. */
function ended(run, end) {
  let value;
  try {
    value = run();
  } catch (error) {
    end(true);
    throw error;
  }
  if (typeof value?.then !== 'function') {
    end(false);
    return value;
  }
  return value.then(
    (result) => {
      end(false);
      return result;
    },
    (error) => {
      end(true);
      throw error;
    },
  );
}

/** Those of the first that can be told: texts, numbers and truth values. */
function attributesOf(given) {
  const told = Object.entries(given ?? {})
    .slice(0, attributesMax)
    .filter(([, value]) => typeof value === 'string' || typeof value === 'boolean' || Number.isFinite(value));
  return Object.fromEntries(told.map(([name, value]) => [cut(name), typeof value === 'string' ? cut(value) : value]));
}

function cut(text) {
  return text.slice(0, textCharsMax);
}
//# sourceURL=relais:shim-spans
