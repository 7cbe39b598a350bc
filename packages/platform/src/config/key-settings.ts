import { isLocal } from '@relais/kit';
import type { PlatformConfig } from './schema.js';

const adminKeyForm = /^rlk_[A-Za-z0-9_-]{32,}$/;

/** Whether requests to the gateway need keys. */
export function needsKeys({ host, keys, port }: PlatformConfig): boolean {
  return keys === 'on' || (keys === 'auto' && !isLocal({ kind: 'tcp', host, port }));
}

/** What is wrong with how keys are configured. */
export function mistakesOfKeys(config: PlatformConfig): string[] {
  const mistakes: string[] = [];
  const { adminKey, host, keys, port, roles } = config;
  if (adminKey !== '' && !adminKeyForm.test(adminKey)) {
    mistakes.push('--admin-key must be "rlk_" and at least 32 of A-Z a-z 0-9 _ -, chosen at random');
  }
  if (keys === 'off' && roles.includes('gateway') && !isLocal({ kind: 'tcp', host, port })) {
    mistakes.push(
      `--keys off lets everybody who reaches ${host} run code here: use a loopback --host, or leave it out`,
    );
  }
  return mistakes;
}
