import { checkPlan, Injector, inject, summarise } from '@relais/load';

/** Runs one phase of load; resolves with its summary. Targets are `{ function, weight?, payload? }`. */
export async function underLoad(url, targets, phase, seed = 1) {
  const plan = planOf(url, targets, phase, seed);
  return summarise(plan, await inject(plan, () => {})).phases[0];
}

/**
 * Runs `work` with what runs that phase once and resolves with its summary: each time by the same threads, which Node has
 * compiled the code of, on the same processors as all else, when they have done it before.
 */
export async function withLoad(url, targets, phase, work) {
  const plan = planOf(url, targets, phase, 1);
  const injector = await Injector.start(plan);
  try {
    return await work(async () => summarise(plan, [await injector.run(0)]).phases[0]);
  } finally {
    await injector.stop();
  }
}

function planOf(url, targets, phase, seed) {
  return checkPlan({ url, targets, phases: [phase], traceRatio: 0, seed, connectionsMax: 4096 });
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
