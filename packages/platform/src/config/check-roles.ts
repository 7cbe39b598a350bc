import { RelaisError } from '@relais/kit';
import type { PlatformConfig } from './schema.js';

/** Checks what no single key can say: that every role a process needs is in it or has an address. Throws bad_config. */
export function checkRoles(config: PlatformConfig): void {
  const has = (role: PlatformConfig['roles'][number]) => config.roles.includes(role);
  const mistakes: string[] = [];
  const callers = config.roles.filter((role) => role === 'gateway' || role === 'worker');
  for (const role of callers) {
    if (!has('balancer') && !config.balancer) mistakes.push(`role ${role} needs --balancer HOST:PORT`);
    if (!has('storage') && !config.storage) mistakes.push(`role ${role} needs --storage HOST:PORT`);
  }
  if (has('balancer') && config.balancer)
    mistakes.push('--balancer is for a balancer elsewhere; this process runs one');
  if (has('storage') && config.storage) mistakes.push('--storage is for a storage elsewhere; this process runs one');
  if (has('balancer') && !has('gateway') && !config.balancerListen) {
    mistakes.push('role balancer without gateway needs --balancer-listen HOST:PORT');
  }
  if (has('storage') && !has('gateway') && !config.storageListen) {
    mistakes.push('role storage without gateway needs --storage-listen HOST:PORT');
  }
  if (mistakes.length > 0) {
    throw new RelaisError('invalid_argument', ['The configuration has mistakes:', ...mistakes].join('\n'), {
      reason: 'bad_config',
    });
  }
}
