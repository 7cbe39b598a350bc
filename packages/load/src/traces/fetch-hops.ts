import { Latencies } from '../run/latencies.js';
import { type HopName, type Hops, hopNames, hopsOf, type SpanView } from './hops.js';

export interface HopSummary {
  readonly hop: HopName;
  readonly meanMs: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

export interface HopBreakdown {
  /** Traces that were whole. */
  readonly traces: number;
  readonly hops: readonly HopSummary[];
}

/** Spans of workers come in batches: how long a trace is asked for until it is whole. */
const settleMs = 5000;
const askAgainMs = 200;

/** Breaks the latency of sampled calls down by hop, from the platform's own traces; undefined when it tells of none. */
export async function fetchHops(
  url: string,
  key: string | undefined,
  traceIds: readonly string[],
): Promise<HopBreakdown | undefined> {
  const byHop = new Map(hopNames.map((hop) => [hop, new Latencies()]));
  const endMs = performance.now() + settleMs;
  let traces = 0;
  for (const traceId of traceIds) {
    const hops = await wholeTrace(`${url}/traces/${traceId}`, key, endMs);
    if (!hops) continue;
    traces++;
    for (const hop of hopNames) byHop.get(hop)?.record(hops[hop]);
  }
  if (traces === 0) return undefined;
  const hops = hopNames.map((hop) => {
    const latencies = byHop.get(hop) ?? new Latencies();
    return { hop, meanMs: latencies.meanMs, p50Ms: latencies.percentileMs(50), p99Ms: latencies.percentileMs(99) };
  });
  return { traces, hops };
}

/** All traces share one end of patience: one that is not whole by then is left out. */
async function wholeTrace(url: string, key: string | undefined, endMs: number): Promise<Hops | undefined> {
  const headers = key === undefined ? {} : { authorization: `Bearer ${key}` };
  for (;;) {
    const answer = await fetch(url, { headers }).catch(() => undefined);
    const spans = answer?.ok ? await spansIn(answer) : [];
    const hops = spans && hopsOf(spans);
    // A server that answers something else keeps no traces.
    if (hops || !spans || performance.now() > endMs) return hops;
    await new Promise((resolve) => setTimeout(resolve, askAgainMs));
  }
}

async function spansIn(answer: Response): Promise<SpanView[] | undefined> {
  try {
    const { spans } = (await answer.json()) as { spans?: SpanView[] };
    return Array.isArray(spans) ? spans : undefined;
  } catch {
    return undefined;
  }
}
