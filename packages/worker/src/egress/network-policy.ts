import type { FunctionConfig } from '@relais/contracts';
import { parseTarget, type Target, targetText } from './target.js';

/** What one function may reach. */
export interface NetworkPolicy {
  allows(target: Target): boolean;
}

/**
 * The policy of a version; undefined when it has no network, which is the default. `anyHost` says whether the operator lets
 * functions reach more than they name.
 */
export function networkPolicy(config: FunctionConfig | undefined, anyHost: boolean): NetworkPolicy | undefined {
  const network = config?.network ?? '';
  if (network === '') return undefined;
  if (network === 'host') return { allows: () => anyHost };
  const named = network.replace(/^allow:/, '').split(',');
  const allowed = new Set(named.flatMap((text) => parseTarget(text) ?? []).map(targetText));
  return { allows: (target) => allowed.has(targetText(target)) };
}
