import { FunctionConfig, Isolation, type Scale } from '@relais/contracts';
import { checkAccess } from '../access/function-access.js';
import { checkSecretNames } from '../secrets/secret-names.js';
import { checkCflags } from './cflags.js';
import { checkEnv } from './env.js';
import { invalid } from './failures.js';
import type { KnownLanguage } from './languages.js';
import { checkedNetwork } from './network.js';

/** Bounds and defaults of what a deployer may set; contract section 7. */
export const configBounds = {
  timeoutMs: { min: 1, max: 900_000, default: 30_000 },
  memoryMb: { min: 16, max: 4_096, default: 128 },
  concurrency: { min: 1, max: 1_000, default: 0 },
} as const;

/** Balancing strategies a function may choose; contract section 5. */
export const functionStrategies: readonly string[] = ['rr', 'fifo', 'weighted', 'least', 'affinity'];

/** Bounds of what a deployer may say of a function's scale; zero is the default. */
const scaleBounds = {
  targetCalls: { min: 1, max: 1_000 },
  max: { min: 1, max: 1_000 },
  idleMs: { min: 1_000, max: 3_600_000 },
  min: { min: 1, max: 100 },
} as const;

const entryForm = /^[A-Za-z0-9_@][A-Za-z0-9._@+-]*(?:\/[A-Za-z0-9_@][A-Za-z0-9._@+-]*)*$/;
const entryLengthMax = 255;

/**
 * The config with every default filled in; zero and empty mean the default. Throws invalid_argument reason bad_config
 * that names every mistake at once.
 */
export function completeConfig(given: FunctionConfig | undefined, language: KnownLanguage): FunctionConfig {
  const config = FunctionConfig.fromPartial(given ?? {});
  const mistakes: string[] = [];
  for (const [key, bound] of Object.entries(configBounds)) {
    const value = config[key as keyof typeof configBounds];
    if (value === 0) config[key as keyof typeof configBounds] = bound.default;
    else if (!(value >= bound.min && value <= bound.max)) {
      mistakes.push(`${key} must be ${bound.min} to ${bound.max}, not ${value}`);
    }
  }
  if (Isolation[config.isolation] === undefined || config.isolation < 0) {
    mistakes.push('isolation must be fresh or reuse');
  }
  if (config.entry !== '' && (config.entry.length > entryLengthMax || !entryForm.test(config.entry))) {
    mistakes.push('entry must be a relative path of plain file names');
  }
  if (config.http !== '' && config.http !== 'cgi') mistakes.push('http must be "cgi" or left out');
  checkAccess(config, mistakes);
  config.strategy = strategyOf(config.strategy, mistakes);
  checkScale(config.scale, mistakes);
  checkCflags(config.cflags, language.lang, mistakes);
  checkEnv(config.env, mistakes);
  checkSecretNames(config, mistakes);
  config.network = checkedNetwork(config.network, language, mistakes);
  if (mistakes.length > 0) throw invalid('bad_config', `Change the function's config: ${mistakes.join('; ')}.`);
  return config;
}

function strategyOf(given: string, mistakes: string[]): string {
  const strategy = given.toLowerCase();
  if (strategy !== '' && !functionStrategies.includes(strategy)) {
    mistakes.push(`strategy must be one of ${functionStrategies.join(', ')}`);
  }
  return strategy;
}

function checkScale(scale: Scale | undefined, mistakes: string[]): void {
  for (const [key, bound] of Object.entries(scaleBounds)) {
    const value = scale?.[key as keyof Scale] ?? 0;
    if (value === 0 || (value >= bound.min && value <= bound.max)) continue;
    mistakes.push(`scale.${key} must be ${bound.min} to ${bound.max}, not ${value}`);
  }
}
