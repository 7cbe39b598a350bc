import type { ExplainScaleRequest, ScaleDecision } from '@relais/contracts';
import type { LoggedDecision, ScaleLog } from './scale-log.js';

const decisionsDefault = 50;
const decisionsMax = 1000;

/** Decisions as they are told, newest first. */
export function explain(log: ScaleLog, { subject, limit }: ExplainScaleRequest): ScaleDecision[] {
  return log.list(subject, Math.min(limit || decisionsDefault, decisionsMax)).map(describe);
}

function describe({ at, decision, policy, repeats, snapshot, subject }: LoggedDecision): ScaleDecision {
  return {
    kind: subject.kind,
    subject: subject.name,
    at,
    instances: snapshot.instances,
    decided: decision.instances,
    reason: decision.reason,
    stableDemand: snapshot.stableDemand,
    panicDemand: snapshot.panicDemand,
    idleForMs: Math.min(Math.round(snapshot.idleForMs), 2 ** 32 - 1),
    panic: decision.panicUntilMs > 0,
    policy: { ...policy },
    repeats,
  };
}
