import { type Deployment, type FunctionConfig, Isolation } from '@relais/sdk';
import type { Settings } from './settings.js';

const isolations: Readonly<Record<string, number>> = { fresh: Isolation.FRESH, reuse: Isolation.REUSE };

/** Settings in the contract's words; what is not set is the platform's default. */
export function configOf(settings: Settings): NonNullable<Deployment['config']> {
  const { auth, cflags, concurrency, cors, entry, env, http, isolation, memoryMb, network, secrets, timeoutMs } =
    settings;
  return {
    timeoutMs: timeoutMs ?? 0,
    memoryMb: memoryMb ?? 0,
    concurrency: concurrency ?? 0,
    isolation: isolations[isolation ?? ''] ?? Isolation.UNSPECIFIED,
    entry: entry ?? '',
    cflags: cflags ?? [],
    env: env ?? {},
    http: http ?? '',
    auth: auth ?? '',
    network: network ?? '',
    secrets: secrets ?? [],
    cors: cors ?? [],
  };
}

/** What is set of a config, as settings say it. */
export function settingsOf(config: FunctionConfig | undefined): Record<string, unknown> {
  if (!config) return {};
  const { auth, cflags, concurrency, cors, entry, env, http, isolation, memoryMb, network, secrets, timeoutMs } =
    config;
  const isolationName = Object.keys(isolations).find((name) => isolations[name] === isolation);
  return {
    ...(timeoutMs ? { timeoutMs } : {}),
    ...(memoryMb ? { memoryMb } : {}),
    ...(concurrency ? { concurrency } : {}),
    ...(isolationName ? { isolation: isolationName } : {}),
    ...(entry ? { entry } : {}),
    ...(http ? { http } : {}),
    ...(auth ? { auth } : {}),
    ...(network ? { network } : {}),
    ...(secrets.length > 0 ? { secrets } : {}),
    ...(cors.length > 0 ? { cors } : {}),
    ...(cflags.length > 0 ? { cflags } : {}),
    ...(Object.keys(env).length > 0 ? { env } : {}),
  };
}
