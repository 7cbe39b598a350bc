/** A right a key may have. `admin` is all of them; who may deploy may also read. */
export const scopeNames = ['admin', 'deploy', 'invoke', 'read'] as const;
export type Scope = (typeof scopeNames)[number];

/**
 * What a request needs where the platform asks for keys. `nothing`: no key. `any`: any key. A scope, or one of several.
 * `trigger`: what the function called says: nothing when it is public, else `invoke`.
 */
export type Need = 'nothing' | 'any' | 'trigger' | Scope | readonly Scope[];

/** Whether these scopes meet a need that is met by scopes. */
export function grants(scopes: ReadonlySet<string>, need: Need): boolean {
  if (need === 'nothing' || need === 'any' || scopes.has('admin')) return true;
  if (typeof need !== 'string') return need.some((each) => grants(scopes, each));
  return scopes.has(need) || (need === 'read' && scopes.has('deploy'));
}
