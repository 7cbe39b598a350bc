import { timestampFromDate } from '@bufbuild/protobuf/wkt';
import type { ServiceImpl } from '@connectrpc/connect';
import { cluster } from '@relais/contracts/edge';
import { type EdgeShared, serve } from './serve.js';

/** relais.v1.ClusterService over the use cases. */
export function clusterService(shared: EdgeShared): ServiceImpl<typeof cluster.ClusterService> {
  const fleet = shared.core.cluster;
  const { method } = cluster.ClusterService;
  return {
    getStatus: serve(shared, method.getStatus, (_request, { caller }) => fleet.status(caller)),
    listWorkers: serve(shared, method.listWorkers, async (_request, { caller }) => {
      const workers = await fleet.workers(caller);
      return {
        workers: workers.map(({ attachedAt, state, ...worker }) => ({
          ...worker,
          state: Number(state),
          ...(attachedAt ? { attachedAt: timestampFromDate(attachedAt) } : {}),
        })),
      };
    }),
    drainWorker: serve(shared, method.drainWorker, async ({ workerId }, { caller }) => {
      await fleet.drainWorker(workerId, caller);
      return {};
    }),
    explainScale: serve(shared, method.explainScale, async ({ limit, subject }, { caller }) => {
      const decisions = await fleet.explainScale(subject, limit, caller);
      return {
        decisions: decisions.map(({ at, policy, ...decision }) => ({
          ...decision,
          ...(at ? { at: timestampFromDate(at) } : {}),
          ...(policy ? { policy } : {}),
        })),
      };
    }),
    setStrategy: serve(shared, method.setStrategy, ({ strategy }, { caller }) => fleet.setStrategy(strategy, caller)),
  };
}
