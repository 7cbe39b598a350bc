import { type FunctionConfig, Isolation } from '@relais/contracts';

const isolations: Partial<Record<Isolation, string>> = {
  [Isolation.ISOLATION_FRESH]: 'fresh',
  [Isolation.ISOLATION_REUSE]: 'reuse',
};

/** A config as the REST answers show it: what is set, in the words of the query parameters. */
export function configView(config: FunctionConfig | undefined): object {
  if (!config) return {};
  const isolation = isolations[config.isolation];
  return {
    timeoutMs: config.timeoutMs,
    memoryMb: config.memoryMb,
    ...(config.concurrency > 0 ? { concurrency: config.concurrency } : {}),
    ...(isolation ? { isolation } : {}),
    ...(config.entry ? { entry: config.entry } : {}),
    ...(config.cflags.length > 0 ? { cflags: config.cflags } : {}),
    ...(Object.keys(config.env).length > 0 ? { env: config.env } : {}),
    ...(config.secrets.length > 0 ? { secrets: config.secrets } : {}),
    ...(config.network ? { network: config.network } : {}),
    ...(config.auth ? { auth: config.auth } : {}),
    ...(config.cors.length > 0 ? { cors: config.cors } : {}),
    ...(config.http ? { http: config.http } : {}),
    ...(config.strategy ? { strategy: config.strategy } : {}),
    ...(config.idempotent ? { idempotent: true } : {}),
    ...(config.scale ? { scale: config.scale } : {}),
  };
}
