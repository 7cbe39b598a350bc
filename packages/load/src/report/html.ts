import { chart } from './chart.js';
import type { PhaseSummary, RunSummary } from './summary.js';
import { phaseTitle, rounded, textReport } from './text.js';

/** The run as one page that needs nothing else: latency over time, the percentile curve, the slowest calls. */
export function htmlReport(summary: RunSummary): string {
  const sections = summary.phases.map((phase) => phaseSection(phase, summary.url)).join('\n');
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Load report of ${escaped(summary.url)}</title>
<style>
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 60rem; padding: 0 1rem; color: #1d2733; }
pre { background: #f4f6f8; padding: 1rem; overflow-x: auto; }
table { border-collapse: collapse; } td, th { padding: .2rem .8rem .2rem 0; text-align: right; } td:first-child, th:first-child { text-align: left; }
svg { width: 100%; height: auto; }
</style>
<h1>Load report: ${summary.passed ? 'passed' : 'failed'}</h1>
<p>${escaped(summary.url)}, seed ${summary.seed}, ${summary.threads} thread(s)</p>
<pre>${escaped(textReport(summary))}</pre>
${sections}
</html>
`;
}

function phaseSection(phase: PhaseSummary, url: string): string {
  const seconds = phase.seconds.map(({ second }) => second);
  const overTime = chart({
    title: 'Latency over time',
    xLabel: 'seconds',
    yLabel: 'ms',
    series: [
      { name: 'p50', points: phase.seconds.map(({ p50Ms, second }) => [second, p50Ms]) },
      { name: 'p99', points: phase.seconds.map(({ p99Ms, second }) => [second, p99Ms]) },
      { name: 'max', points: phase.seconds.map(({ maxMs, second }) => [second, maxMs]) },
    ],
  });
  const rate = chart({
    title: 'Calls a second',
    xLabel: 'seconds',
    yLabel: 'calls',
    series: [
      { name: 'answered', points: phase.seconds.map(({ calls }, index) => [seconds[index] ?? 0, calls]) },
      { name: 'failed', points: phase.seconds.map(({ failures }, index) => [seconds[index] ?? 0, failures]) },
    ],
  });
  const curve = chart({
    title: 'Latency by percentile',
    xLabel: 'nines',
    yLabel: 'ms',
    // Each nine gets the same room: 90 % is 1, 99 % is 2.
    series: [
      {
        name: 'latency',
        points: phase.curve
          .filter(([percentile]) => percentile < 100)
          .map(([percentile, ms]) => [nines(percentile), ms]),
      },
    ],
  });
  const slowest = phase.slowest.map(
    ({ failure, latencyMs, target, traceId }) =>
      `<tr><td>${escaped(phase.targets[target]?.function ?? '')}</td><td>${rounded(latencyMs)} ms</td><td>${escaped(failure)}</td><td>${traceLink(traceId, url)}</td></tr>`,
  );
  return `<h2>${escaped(phaseTitle(phase.phase))}</h2>
${overTime}
${rate}
${curve}
<h3>Slowest calls</h3>
<table><tr><th>function</th><th>latency</th><th>failure</th><th>trace</th></tr>
${slowest.join('\n')}
</table>`;
}

function traceLink(traceId: string, url: string): string {
  return traceId === '' ? '' : `<a href="${escaped(url)}/traces/${traceId}">${traceId}</a>`;
}

function nines(percentile: number): number {
  return -Math.log10(1 - percentile / 100);
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
