/** What may be decided. Factors are above 1; times in milliseconds. */
export interface ScalePolicy {
  /** Instances kept whatever the demand. */
  readonly min: number;
  readonly max: number;
  /** Demand for each instance. */
  readonly target: number;
  /** Demand over this long decides in ordinary times; in a panic nothing is taken away for as long. */
  readonly stableMs: number;
  /** Demand over this long decides in a panic. */
  readonly panicMs: number;
  /** A panic begins when that demand wants more than this many times the instances there are. */
  readonly panicFactor: number;
  /** At most so many times the instances there are, at once. */
  readonly upFactorMax: number;
  /** At least the instances there are divided by this, at once. */
  readonly downFactorMax: number;
  /** The last instance goes only after this long without demand. */
  readonly idleMs: number;
}

/** What is decided on. */
export interface ScaleSnapshot {
  /** Instances that run or start: one that has been ordered is not ordered again. */
  readonly instances: number;
  /** Calls that run or wait, or what else is scaled by, over policy.stableMs: on average, or the most. */
  readonly stableDemand: number;
  /** The same over policy.panicMs. */
  readonly panicDemand: number;
  /** How long there has been no demand; 0 while there is some. */
  readonly idleForMs: number;
  /** End of the panic the last decision was in, monotonic milliseconds; 0: in none. */
  readonly panicUntilMs: number;
}

export interface ScaleDecision {
  readonly instances: number;
  /** For people: why so many. */
  readonly reason: string;
  readonly panicUntilMs: number;
}

/**
 * How many instances there should be: as many as the demand over the stable window needs, or over the panic window when
 * that asks for many more; a panic never takes any away. Pure: a simulator decides the same.
 */
export function decideScale(snapshot: ScaleSnapshot, policy: ScalePolicy, nowMs: number): ScaleDecision {
  const { instances } = snapshot;
  const urgent = Math.ceil(snapshot.panicDemand / policy.target);
  const steady = Math.ceil(snapshot.stableDemand / policy.target);
  const panics = urgent > instances * policy.panicFactor;
  const panicUntilMs = panics ? nowMs + policy.stableMs : snapshot.panicUntilMs;
  const inPanic = panicUntilMs > nowMs;
  const wanted = inPanic ? Math.max(instances, urgent) : steady;
  const [allowed, limitedBy] = limit(wanted, snapshot, policy);
  const demand = inPanic ? snapshot.panicDemand : snapshot.stableDemand;
  const window = inPanic ? `panic: over ${policy.panicMs} ms` : `over ${policy.stableMs} ms`;
  const reason = `${window} a demand of ${demand.toFixed(1)} at ${policy.target} each wants ${wanted}${limitedBy}`;
  return { instances: allowed, reason, panicUntilMs: inPanic ? panicUntilMs : 0 };
}

function limit(wanted: number, snapshot: ScaleSnapshot, policy: ScalePolicy): [instances: number, why: string] {
  const { instances, idleForMs } = snapshot;
  const most = Math.ceil(Math.max(1, instances) * policy.upFactorMax);
  const least = Math.floor(instances / policy.downFactorMax);
  const mayEnd = instances === 0 || idleForMs >= policy.idleMs;
  let bounded: [instances: number, why: string] = [wanted, ''];
  if (wanted > most) bounded = [most, `, at most ${policy.upFactorMax} times at once`];
  else if (wanted < least) bounded = [least, `, at least 1/${policy.downFactorMax} at once`];
  else if (wanted < 1 && !mayEnd) bounded = [1, `, the last only after ${policy.idleMs} ms without any`];
  if (bounded[0] > policy.max) return [policy.max, `, at most ${policy.max}`];
  if (bounded[0] < policy.min) return [policy.min, `, at least ${policy.min}`];
  return bounded;
}
