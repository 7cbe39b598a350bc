import type { Sandbox } from './sandbox.js';

/** From the weakest: nothing, namespaces, namespaces with limits by control groups. */
export const sandboxTiers = ['T0', 'T2', 'T3'] as const;
export type SandboxTier = (typeof sandboxTiers)[number];

/** What a sandbox amounts to, with or without control groups. */
export function tierOf(sandbox: Sandbox, groups: boolean): SandboxTier {
  if (!sandbox.confines) return 'T0';
  return groups ? 'T3' : 'T2';
}

export function isWeaker(tier: SandboxTier, than: SandboxTier): boolean {
  return sandboxTiers.indexOf(tier) < sandboxTiers.indexOf(than);
}
