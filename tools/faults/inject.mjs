import { checkPlan, inject, summarise } from '@relais/load';

/** Runs one phase of load; resolves with its summary. Targets are `{ function, weight?, payload? }`. */
export async function underLoad(url, targets, phase, seed = 1) {
  const plan = checkPlan({ url, targets, phases: [phase], traceRatio: 0, seed, connectionsMax: 4096 });
  return summarise(plan, await inject(plan, () => {})).phases[0];
}

/** Calls of all targets by what became of them; "ok" for those that succeeded. */
export function outcomesOf({ targets }) {
  const counts = { ok: 0 };
  for (const { calls, failures } of targets) {
    counts.ok += calls;
    for (const [code, count] of Object.entries(failures)) {
      counts.ok -= count;
      counts[code] = (counts[code] ?? 0) + count;
    }
  }
  return counts;
}
