import { resolve } from 'node:path';
import { languagesOf } from '@relais/worker';
import type { PlatformConfig } from '../config/schema.js';
import type { WorkerPlan } from '../supervisor/worker-spec.js';

/** Where the workers of this process find the rest. */
export interface WorkerPeers {
  readonly balancerAddress: string;
  readonly storageAddress: string;
}

/**
 * What each worker of a fleet offers: half of them, rounded up, run WASM; the rest run native languages and build
 * everything, so that a blocked loop holds up no process pool and no compile, and what holds WASM can be kept in a sandbox.
 */
export function workerFleet(config: PlatformConfig, peers: WorkerPeers, host: string): WorkerPlan[] {
  const inlineLanguages = languagesOf('inline');
  const nativeLanguages = languagesOf('processes');
  const inlineCount = Math.ceil(config.workers / 2);
  return Array.from({ length: config.workers }, (_, index) => {
    const inline = index < inlineCount;
    return {
      host,
      runs: inline ? inlineLanguages : nativeLanguages,
      builds: inline ? [] : [...inlineLanguages, ...nativeLanguages],
      slots: inline ? config.slotsInline : config.slotsProcesses,
      weight: config.workerWeight,
      streamBytesMax: config.streamBytesMax,
      ...peers,
      clusterToken: config.clusterToken,
      logLevel: config.logLevel,
      metricSeriesMax: config.metricSeriesMax,
      wasmOnly: inline,
      networkHost: config.networkHost === 'allow',
      drainMs: config.drainMs,
      cacheDirectory: resolve(config.data, 'cache'),
    };
  });
}
