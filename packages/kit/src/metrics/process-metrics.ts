import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { MetricRegistry } from './metric-registry.js';

const nanosPerSecond = 1e9;
const microsPerSecond = 1e6;

/** Registers what every process has: CPU, memory, and how long its event loop keeps others waiting. Once in a process. */
export function addProcessMetrics(metrics: MetricRegistry): void {
  metrics.read('counter', 'relais_process_cpu_seconds_total', 'CPU time of the process.', ['mode'], () => {
    const { system, user } = process.cpuUsage();
    return [
      ['user', user / microsPerSecond],
      ['system', system / microsPerSecond],
    ];
  });
  metrics.read('gauge', 'relais_process_memory_bytes', 'Memory of the process.', ['kind'], () => {
    const { arrayBuffers, heapUsed, rss } = process.memoryUsage();
    return [
      ['resident', rss],
      ['heap_used', heapUsed],
      ['array_buffers', arrayBuffers],
    ];
  });
  metrics.gauge('relais_process_start_time_seconds', 'When the process began, seconds since the epoch.', () => {
    return Math.round(Date.now() / 1000 - process.uptime());
  });
  addLoopMetrics(metrics);
}

function addLoopMetrics(metrics: MetricRegistry): void {
  const resolutionMs = 20;
  const delays = monitorEventLoopDelay({ resolution: resolutionMs });
  delays.enable();
  const help = 'How much later than due the event loop got to a timer, since the figure was last read.';
  metrics.read('gauge', 'relais_event_loop_lag_seconds', help, ['percentile'], () => {
    // What is measured is the whole interval between two looks; the interval that was asked for is no lag.
    const lagAt = (percentile: number) =>
      Math.max(0, delays.percentile(percentile) / nanosPerSecond - resolutionMs / 1000);
    const readings = [
      ['50', lagAt(50)],
      ['99', lagAt(99)],
      ['100', lagAt(100)],
    ] as const;
    delays.reset();
    return readings;
  });
}
