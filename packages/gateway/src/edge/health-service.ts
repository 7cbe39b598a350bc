import type { HandlerContext, ServiceImpl } from '@connectrpc/connect';
import { health } from '@relais/contracts/edge';
import { newTraceparent, RelaisError } from '@relais/kit';
import { toConnectError } from './connect-error.js';
import { type EdgeShared, serve } from './serve.js';

const { NOT_SERVING, SERVICE_UNKNOWN, SERVING } = health.HealthCheckResponse_ServingStatus;
type Status = typeof NOT_SERVING | typeof SERVICE_UNKNOWN | typeof SERVING;

/** grpc.health.v1.Health: the readiness of the platform, the same for every service served here. */
export function healthService(
  shared: EdgeShared,
  services: ReadonlySet<string>,
  stopped: AbortSignal,
): ServiceImpl<typeof health.Health> {
  const { method } = health.Health;

  const isKnown = (service: string) => service === '' || services.has(service);

  async function statusOf(service: string, traceparent: string): Promise<Status> {
    if (!isKnown(service)) return SERVICE_UNKNOWN;
    const reasons = await shared.core.readiness.reasons({ traceparent });
    return reasons.length === 0 ? SERVING : NOT_SERVING;
  }

  return {
    check: serve(shared, method.check, async ({ service }, { caller }) => {
      const status = await statusOf(service, caller.traceparent);
      if (status !== SERVICE_UNKNOWN) return { status };
      const message = `There is no service "${service.slice(0, 120)}" here.`;
      throw new RelaisError('not_found', message, { reason: 'unknown_service', component: 'gateway' });
    }),
    list: serve(shared, method.list, async (_request, { caller }) => {
      const status = await statusOf('', caller.traceparent);
      return { statuses: Object.fromEntries([...services].map((service) => [service, { status }])) };
    }),
    async *watch({ service }, context: HandlerContext) {
      const traceparent = newTraceparent(false);
      const ended = AbortSignal.any([context.signal, stopped]);
      let last: Status | undefined;
      try {
        for await (const isReady of shared.core.readinessWatch.follow(ended)) {
          const status = !isKnown(service) ? SERVICE_UNKNOWN : isReady ? SERVING : NOT_SERVING;
          if (status !== last) yield { status };
          last = status;
        }
      } catch (error) {
        throw toConnectError(RelaisError.from(error), traceparent);
      }
    },
  };
}
