import { RelaisError } from '@relais/kit';
import { needsKeys } from '../config/key-settings.js';
import type { PlatformConfig } from '../config/schema.js';

/** The part of the gateway that makes keys. */
export interface AdminKeys {
  hasAdminKey(): Promise<boolean>;
  /** The key itself, kept nowhere. */
  createAdminKey(name: string): Promise<string>;
}

/**
 * Sees to it that somebody can administer a platform that asks for keys. When there is no admin key yet, one is made and
 * told to `show`, which is a terminal with a person before it; undefined: there is none. A log is no place for a key, so
 * without a terminal this rejects with failed_precondition reason keys_required.
 */
export async function ensureAdminKey(
  config: PlatformConfig,
  keys: AdminKeys,
  show: ((line: string) => void) | undefined,
): Promise<void> {
  if (!needsKeys(config) || config.adminKey !== '' || (await keys.hasAdminKey())) return;
  if (!show) throw keysRequired(config.host);
  const key = await keys.createAdminKey('first');
  show(`relais admin key, shown only now: ${key}`);
}

function keysRequired(host: string): RelaisError {
  const message =
    `This platform asks for keys (it listens on ${host}) and has no admin key. Start it once on a terminal, which shows ` +
    'you a first one, or choose one: RELAIS_ADMIN_KEY=rlk_$(openssl rand -hex 32).';
  return new RelaisError('failed_precondition', message, { reason: 'keys_required', component: 'platform' });
}
