import type { Tracer } from '@relais/kit';
import type { CachedFunction } from '../functions/function-cache.js';
import type { LoadTimes } from './job-results.js';

/** What of fetching and compiling fell into the time since a job arrived; another job may have begun it earlier. */
export function loadTimesOf(arrivedMs: number, { fetchedAtMs, loadedAtMs }: CachedFunction): LoadTimes {
  const fetchUs = Math.max(0, Math.round((fetchedAtMs - arrivedMs) * 1000));
  const compileUs = Math.max(0, Math.round((loadedAtMs - Math.max(arrivedMs, fetchedAtMs)) * 1000));
  return { fetchUs, compileUs };
}

/** Records the same as spans under the worker's. */
export function traceLoad(tracer: Tracer, parent: string, arrivedMs: number, cached: CachedFunction): void {
  const { fetchedAtMs, loadedAtMs } = cached;
  if (fetchedAtMs > arrivedMs) {
    tracer.start('worker fetch', { kind: 'client', parent, startMs: arrivedMs }).end(undefined, fetchedAtMs);
  }
  const startMs = Math.max(arrivedMs, fetchedAtMs);
  if (loadedAtMs > startMs) {
    tracer.start('worker compile', { kind: 'internal', parent, startMs }).end(undefined, loadedAtMs);
  }
}
