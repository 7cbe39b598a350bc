import type { ControlGroup } from '../sandbox/groups/control-group.js';
import type { LimitsHit } from './process-launcher.js';

/** What a control group ran into, as its process tells it. */
export function limitsHitIn(group: ControlGroup | undefined): LimitsHit | undefined {
  const hits = group?.hits();
  if (!group || !hits || (!hits.memory && !hits.tasks)) return undefined;
  const { memoryBytesMax, tasksMax } = group.limits;
  return {
    ...(hits.memory ? { memory: { limitBytes: memoryBytesMax, usedBytes: hits.memoryBytesUsed } } : {}),
    ...(hits.tasks ? { tasks: { limit: tasksMax } } : {}),
  };
}
