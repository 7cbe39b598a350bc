import { type KeptTrace, RelaisError, type SpanData, type TraceStore, type TraceSummary } from '@relais/kit';
import type { Caller } from './caller.js';
import { invalid } from './failures.js';

const idForm = /^[0-9a-f]{32}$/;
const limits = { default: 50, max: 1000 };

/** What may be asked of the traces that are kept here. */
export interface TraceQuery {
  /** Name of a function; empty: all. */
  readonly function: string;
  readonly durationMsMin: number;
  readonly failedOnly: boolean;
  /** 0: 50. */
  readonly limit: number;
}

/** Looks kept traces up. A key that is good for some functions only sees the traces of those. */
export class Traces {
  readonly #store: TraceStore | undefined;

  constructor(store: TraceStore | undefined) {
    this.#store = store;
  }

  /** By trace id or invocation id. Throws invalid_argument, not_found. */
  get(id: string, { functions }: Caller): KeptTrace {
    if (!idForm.test(id)) throw invalid('invalid_id', 'A trace id or invocation id has 32 hexadecimal digits.');
    const trace = this.#store?.get(id);
    if (trace && (!functions || isOf(trace.spans, functions))) return trace;
    const message = `No trace ${id} is kept here: it was not sampled, is too old, or belongs to another gateway.`;
    throw new RelaisError('not_found', message, { reason: 'unknown_trace', component: 'gateway' });
  }

  /** Newest first. Throws invalid_argument. */
  list(query: TraceQuery, { functions }: Caller): TraceSummary[] {
    const { durationMsMin, limit } = query;
    if (!Number.isInteger(limit) || limit < 0 || limit > limits.max) {
      throw invalid('out_of_bounds', `limit must be a whole number from 1 to ${limits.max}.`);
    }
    if (!(durationMsMin >= 0)) throw invalid('out_of_bounds', 'The least duration is a number of milliseconds.');
    const filter = { ...query, limit: limit || limits.default };
    return this.#store?.list(functions ? { ...filter, only: functions } : filter) ?? [];
  }
}

/** Whether a trace is of these functions and no others. */
export function isOf(spans: readonly SpanData[], functions: ReadonlySet<string>): boolean {
  const names = spans.map(({ attributes }) => attributes['faas.name']).filter((name) => name !== undefined);
  return names.length > 0 && names.every((name) => functions.has(String(name)));
}
