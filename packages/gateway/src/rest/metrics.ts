import { metricsContentTypes, metricsFormatOf, renderMetrics } from '@relais/kit';
import { checkMayUseAll } from '../core/caller.js';
import type { RestAnswer } from './answer.js';
import type { RestCall, RestShared } from './call.js';

/**
 * GET /metrics: the figures of this process and of those it looks after, in the text format the scraper accepts. They name
 * every function, so a key for some functions only does not see them.
 */
export async function metrics({ caller, request }: RestCall, { metricsShown }: RestShared): Promise<RestAnswer> {
  checkMayUseAll(caller, 'metrics');
  const format = metricsFormatOf(request.headers.accept);
  return {
    status: 200,
    contentType: metricsContentTypes[format],
    body: renderMetrics(metricsShown?.families() ?? [], format),
  };
}
