import { resolve } from 'node:path';
import { languagesOf } from '@relais/worker';
import type { PlatformConfig } from '../config/schema.js';
import type { KindPlan, WorkerPlan } from '../supervisor/worker-spec.js';

/** Where the workers of this process find the rest. */
export interface WorkerPeers {
  readonly balancerAddress: string;
  readonly storageAddress: string;
}

/**
 * What each kind of worker offers and how many there are: half of them, rounded up, run WASM; the rest run native languages
 * and build everything, so that a blocked loop holds up no process pool and no compile, and what holds WASM can be kept in a
 * sandbox.
 */
export function workerFleet(config: PlatformConfig, peers: WorkerPeers, host: string): KindPlan[] {
  const common = {
    host,
    weight: config.workerWeight,
    streamBytesMax: config.streamBytesMax,
    ...peers,
    clusterToken: config.clusterToken,
    logLevel: config.logLevel,
    metricSeriesMax: config.metricSeriesMax,
    networkHost: config.networkHost === 'allow',
    drainMs: config.drainMs,
    cacheDirectory: resolve(config.data, 'cache'),
  };
  const inline = languagesOf('inline');
  const native = languagesOf('processes');
  const wasmPlan = { ...common, runs: inline, builds: [], slots: config.slotsInline, wasmOnly: true };
  const nativePlan = {
    ...common,
    runs: native,
    builds: [...inline, ...native],
    slots: config.slotsProcesses,
    wasmOnly: false,
  };
  return [kindOf(config, wasmPlan, Math.ceil), kindOf(config, nativePlan, Math.floor)];
}

function kindOf(
  { workers, workersExtraMax, workersMin }: PlatformConfig,
  plan: WorkerPlan,
  round: (half: number) => number,
): KindPlan {
  const usual = round(workers / 2);
  return { plan, kept: Math.min(usual, round(workersMin / 2)), usual, max: usual + workersExtraMax };
}
