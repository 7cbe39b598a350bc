import type { HandlerContext, ServiceImpl } from '@connectrpc/connect';
import { health } from '@relais/contracts/edge';
import { newTraceparent, RelaisError } from '@relais/kit';
import { type EdgeShared, serve } from './serve.js';

const { NOT_SERVING, SERVICE_UNKNOWN, SERVING } = health.HealthCheckResponse_ServingStatus;
type Status = typeof NOT_SERVING | typeof SERVICE_UNKNOWN | typeof SERVING;

const watchPeriodMs = 1_000;

/** grpc.health.v1.Health: the readiness of the platform, the same for every service served here. */
export function healthService(
  shared: EdgeShared,
  services: ReadonlySet<string>,
  stopped: AbortSignal,
): ServiceImpl<typeof health.Health> {
  const { method } = health.Health;

  async function statusOf(service: string, traceparent: string): Promise<Status> {
    if (service !== '' && !services.has(service)) return SERVICE_UNKNOWN;
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
      const ended = AbortSignal.any([context.signal, stopped]);
      let last: Status | undefined;
      while (!ended.aborted) {
        const status = await statusOf(service, newTraceparent(false));
        if (status !== last) yield { status };
        last = status;
        await pause(shared, ended);
      }
    },
  };
}

function pause({ clock }: EdgeShared, ended: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (ended.aborted) return resolve();
    const cancel = clock.after(watchPeriodMs, done);
    ended.addEventListener('abort', done, { once: true });
    function done(): void {
      cancel();
      ended.removeEventListener('abort', done);
      resolve();
    }
  });
}
