import type { FunctionState } from '../functions/function-state.js';
import { decideScale, type ScalePolicy } from './decide-scale.js';
import { DemandWindow } from './demand-window.js';
import type { ScaleLog } from './scale-log.js';
import { WarmFloor } from './warm-floor.js';

const decideEveryMs = 100;
/** In one tick of 10 ms; of more functions a tenth, so that thousands do not hold everything up at once. */
const decisionsPerTick = 100;
const ticksPerRound = 10;
/** The same for a function without a call: there are many of them, and nothing of theirs is urgent. */
const decideIdleEveryMs = 1000;
const panicMs = 250;
const stableMs = 60_000;
/** What an owner does not say. */
const defaults = { target: 1, max: 1000, idleMs: 300_000 };
/** A burst is met at once, with no more than it needs. */
const upFactorMax = 1000;

/** What is known of the scale of one function. */
export interface FunctionScale {
  readonly demand: DemandWindow;
  instances: number;
  panicUntilMs: number;
  decidedMs: number;
}

/** What follows from a decision. */
export interface FunctionScalerActions {
  /** Whether its calls run in processes, on the workers there are or on those that would be started for it. */
  inProcesses(fn: FunctionState): boolean;
  /** It may have more instances than before: what waits may go out. */
  grew(fn: FunctionState, nowMs: number): void;
  /** Its last instances may go. */
  endIdle(fn: FunctionState): void;
}

/**
 * Scales the warm instances of functions that run in processes, one call at a time in each: a function runs on no more
 * than it needs for the calls that run and wait at its target each, so that a burst on an idle function starts as many as
 * that and no more; and has none left, or those that its owner wants kept, when it has been idle for long.
 */
export class FunctionScaler {
  readonly #log: ScaleLog;
  readonly #actions: FunctionScalerActions;
  readonly #active = new Set<FunctionState>();
  readonly #floor = new WarmFloor();
  #nextMs = 0;
  /** Those of a round that are still to come. */
  #round: Iterator<FunctionState> | undefined;
  #perTick = decisionsPerTick;

  constructor(log: ScaleLog, actions: FunctionScalerActions) {
    this.#log = log;
    this.#actions = actions;
  }

  /** A call of it has arrived, counted among those that wait or not. */
  arrived(fn: FunctionState, nowMs: number): void {
    if (!fn.scaled && !this.#actions.inProcesses(fn)) return;
    this.#floor.called(fn);
    if (this.#active.has(fn) && fn.running < fn.instancesMax) return;
    this.#active.add(fn);
    this.#decide(fn, fn.running + fn.queue.size + 1, nowMs);
  }

  tick(nowMs: number): void {
    if (!this.#round) {
      if (nowMs < this.#nextMs) return;
      this.#nextMs = nowMs + decideEveryMs;
      this.#round = this.#active.values();
      this.#perTick = Math.max(decisionsPerTick, Math.ceil(this.#active.size / ticksPerRound));
    }
    for (let count = 0; count < this.#perTick; count++) {
      const { done, value: fn } = this.#round.next();
      if (done) {
        this.#round = undefined;
        return;
      }
      const demand = fn.running + fn.queue.size;
      const isDue = demand > 0 || nowMs - (fn.scaled?.decidedMs ?? 0) >= decideIdleEveryMs;
      if (isDue) this.#decide(fn, demand, nowMs);
    }
  }

  #decide(fn: FunctionState, demand: number, nowMs: number): void {
    fn.scaled ??= { demand: new DemandWindow(stableMs, nowMs), instances: 0, panicUntilMs: 0, decidedMs: nowMs };
    const { scaled } = fn;
    scaled.decidedMs = nowMs;
    scaled.demand.record(demand, nowMs);
    const idleForMs = demand > 0 ? 0 : scaled.demand.idleForMs(nowMs);
    const policy = policyOf(fn, this.#floor.of(fn, idleForMs));
    const snapshot = {
      instances: scaled.instances,
      stableDemand: scaled.demand.average(stableMs, nowMs),
      panicDemand: demand,
      idleForMs,
      panicUntilMs: scaled.panicUntilMs,
    };
    const decision = decideScale(snapshot, policy, nowMs);
    this.#log.record({ kind: 'function', name: fn.name }, snapshot, policy, decision);
    scaled.instances = decision.instances;
    scaled.panicUntilMs = decision.panicUntilMs;
    const before = fn.instancesMax;
    // Without a target of its owner every call may have an instance at once, as many as the workers have slots.
    fn.instancesMax = fn.scale?.targetCalls || fn.scale?.max ? decision.instances : Number.POSITIVE_INFINITY;
    if (fn.instancesMax > before) this.#actions.grew(fn, nowMs);
    this.#floor.hold(fn, policy.min, nowMs);
    if (decision.instances > 0 || demand > 0) return;
    this.#active.delete(fn);
    fn.scaled = undefined;
    // Nobody decides for it until its next call, and that may come when no worker says that it runs in processes.
    fn.instancesMax = Number.POSITIVE_INFINITY;
    this.#floor.forget(fn);
    this.#actions.endIdle(fn);
  }
}

function policyOf({ scale }: FunctionState, min: number): ScalePolicy {
  const max = scale?.max || defaults.max;
  return {
    min: Math.min(min, max),
    max,
    target: scale?.targetCalls || defaults.target,
    stableMs,
    panicMs,
    panicFactor: 1,
    upFactorMax,
    downFactorMax: 2,
    idleMs: scale?.idleMs || defaults.idleMs,
  };
}
