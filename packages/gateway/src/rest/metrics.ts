import { metricsContentTypes, metricsFormatOf, renderMetrics } from '@relais/kit';
import type { RestAnswer } from './answer.js';
import type { RestCall, RestShared } from './call.js';

/** GET /metrics: the figures of this process and of those it looks after, in the text format the scraper accepts. */
export async function metrics({ request }: RestCall, { metricsShown }: RestShared): Promise<RestAnswer> {
  const format = metricsFormatOf(request.headers.accept);
  return {
    status: 200,
    contentType: metricsContentTypes[format],
    body: renderMetrics(metricsShown?.families() ?? [], format),
  };
}
