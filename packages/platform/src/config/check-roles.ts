import { RelaisError } from '@relais/kit';
import { mistakesOfKeys } from './key-settings.js';
import type { PlatformConfig } from './schema.js';
import { mistakesOfSecrets } from './secrets-settings.js';

/** Roles that others call, with the key that says where one elsewhere is and the one that lets it be called. */
const called = [
  { role: 'balancer', elsewhere: 'balancer', listen: 'balancerListen', listenFlag: '--balancer-listen' },
  { role: 'storage', elsewhere: 'storage', listen: 'storageListen', listenFlag: '--storage-listen' },
] as const;

/**
 * Checks what no single key can say: that every role a process needs is in it or has an address, and that nobody uninvited
 * is let in. Throws bad_config.
 */
export function checkRoles(config: PlatformConfig): void {
  const ofRoles = called.flatMap((peer) =>
    config.roles.includes(peer.role) ? mistakesOfHost(config, peer) : mistakesOfCallers(config, peer),
  );
  const mistakes = [...ofRoles, ...mistakesOfKeys(config), ...mistakesOfTls(config), ...mistakesOfSecrets(config)];
  if (mistakes.length === 0) return;
  throw new RelaisError('invalid_argument', ['The configuration has mistakes:', ...mistakes].join('\n'), {
    reason: 'bad_config',
  });
}

function mistakesOfTls({ tlsCert, tlsKey }: PlatformConfig): string[] {
  return (tlsCert === '') === (tlsKey === '') ? [] : ['--tls-cert and --tls-key belong together: give both or none'];
}

function mistakesOfHost(config: PlatformConfig, { role, elsewhere, listen, listenFlag }: (typeof called)[number]) {
  const mistakes: string[] = [];
  if (config[elsewhere]) mistakes.push(`--${role} names a ${role} elsewhere, but this process runs one: leave out one`);
  const alone = !config.roles.includes('gateway') || !config.roles.includes('worker');
  if (alone && !config[listen]) mistakes.push(`a process with ${role} but not all roles needs ${listenFlag} HOST:PORT`);
  return mistakes;
}

function mistakesOfCallers(config: PlatformConfig, { role, elsewhere }: (typeof called)[number]) {
  const callers = config.roles.filter((name) => name === 'gateway' || name === 'worker');
  return callers.length > 0 && !config[elsewhere]
    ? [`role ${callers.join(' and ')} without ${role} needs --${role} HOST:PORT`]
    : [];
}
