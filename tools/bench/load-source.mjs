import { checkPlan, Injector, summarise } from '@relais/load';
import { treeCpuMs } from './process-tree.mjs';

const warmSecondsMax = 1;

/**
 * Calls one scenario, `{ name, pid, url, path, payload, protocol? }`, round by round from one thread that stays: Node
 * compiles what a thread does while it does it, on the processors of what is measured.
 */
class LoadSource {
  #scenario;
  #plan;
  #injector;

  constructor(scenario, plan, injector) {
    this.#scenario = scenario;
    this.#plan = plan;
    this.#injector = injector;
  }

  static async start(scenario, phase, roundMs) {
    const { path, payload, protocol = 'http', url } = scenario;
    const seconds = roundMs / 1000;
    const plan = checkPlan({
      url,
      targets: [{ function: path, protocol, payload }],
      phases: [Math.min(seconds, warmSecondsMax), seconds].map((each) => ({ ...phase, seconds: each })),
      threads: 1,
      traceRatio: 0,
    });
    return new LoadSource(scenario, plan, await Injector.start(plan));
  }

  get name() {
    return this.#scenario.name;
  }

  /** What a phase shows that follows one of a second that does not count, in which it connects. Rejects when a call fails. */
  async round() {
    const { name, pid } = this.#scenario;
    const cpuBeforeMs = treeCpuMs(pid);
    const runs = [await this.#injector.run(0), await this.#injector.run(1)];
    const cpuMs = treeCpuMs(pid) - cpuBeforeMs;
    const { phases } = summarise(this.#plan, runs);
    for (const { failed, targets } of phases) {
      if (failed > 0) throw new Error(`${name}: ${JSON.stringify(targets[0].failures)}`);
    }
    const [warm, told] = phases;
    const p99Of = ({ percentilesMs: [, , p99Ms] }) => p99Ms;
    return {
      requestsPerSecond: told.requestsPerSecond,
      p50Ms: told.latency.percentilesMs[0],
      p99Ms: p99Of(told.latency),
      sentP99Ms: p99Of(told.service),
      lateP99Ms: p99Of(told.lateness),
      cpuUs: (cpuMs * 1000) / (warm.calls + told.calls),
      injectorBusy: told.loopBusyMax,
    };
  }

  stop() {
    return this.#injector.stop();
  }
}

/** Resolves as `work` does, which has a source of each scenario; `phaseOf` says how it is called. */
export async function withSources(scenarios, phaseOf, roundMs, work) {
  const sources = [];
  try {
    for (const scenario of scenarios) sources.push(await LoadSource.start(scenario, phaseOf(scenario), roundMs));
    return await work(sources);
  } finally {
    for (const source of sources) await source.stop();
  }
}
