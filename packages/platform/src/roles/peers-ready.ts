import { type Clock, type Logger, RelaisError } from '@relais/kit';
import type { Peers } from './peers.js';

const pollMs = 20;
const callMsMax = 2000;
/** How often a wait that lasts is spoken of. */
const reportMs = 5000;

/**
 * Resolves when storage and the balancer answer and the fleet has at least `workersMin` workers. Waits as long as they
 * are away, saying so now and then, or until it is no longer wanted; rejects at once when one refuses us, because waiting
 * does not mend that.
 */
export async function peersReady(
  peers: Peers,
  workersMin: number,
  clock: Clock,
  logger: Logger,
  unwanted: AbortSignal,
): Promise<void> {
  let reportAtMs = clock.nowMs() + reportMs;
  while (!unwanted.aborted) {
    const missing = await whatIsMissing(peers, workersMin);
    if (!missing) return;
    if (clock.nowMs() >= reportAtMs) {
      logger.warn(missing, 'still waiting to be ready');
      reportAtMs += reportMs;
    }
    await new Promise<void>((resolve) => setTimeout(resolve, pollMs));
  }
}

async function whatIsMissing({ balancer, storage }: Peers, workersMin: number): Promise<object | undefined> {
  const context = { budgetMs: callMsMax };
  try {
    await storage.storage.listFunctions({ pageSize: 1, afterName: '' }, context);
    const { workersReady } = await balancer.fleet.getStatus({}, context);
    return workersReady >= workersMin ? undefined : { workersMissing: workersMin - workersReady };
  } catch (error) {
    const failure = RelaisError.from(error);
    if (!failure.retryable && failure.code !== 'deadline_exceeded') throw failure;
    return { error: failure };
  }
}
