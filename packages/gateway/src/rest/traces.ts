import { ok, type RestAnswer } from './answer.js';
import type { RestCall, RestShared } from './call.js';
import { decodeText, knownParameters } from './query.js';

const prefixLength = '/traces/'.length;

/** GET /traces/ID: the spans of one trace, by its id or that of an invocation. */
export async function getTrace({ caller, path }: RestCall, { core }: RestShared): Promise<RestAnswer> {
  const { traceId, spans, spansDropped } = core.traces.get(decodeText(path.slice(prefixLength), 'path'), caller);
  return ok({ traceId, spans: spans.map(({ traceId: _, ...span }) => span), spansDropped });
}

/** GET /traces?fn=NAME&minMs=N&failed=true&limit=N: the newest traces that match. */
export async function listTraces({ caller, query }: RestCall, { core }: RestShared): Promise<RestAnswer> {
  const { failed, fn = '', limit, minMs } = knownParameters(query, ['fn', 'minMs', 'failed', 'limit']);
  const asked = {
    function: fn,
    durationMsMin: Number(minMs ?? 0),
    failedOnly: failed === 'true',
    limit: Number(limit ?? 0),
  };
  return ok({ traces: core.traces.list(asked, caller) });
}
