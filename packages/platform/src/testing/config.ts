import { loadConfig } from '@relais/kit';
import { type PlatformConfig, platformSchema } from '../config/schema.js';

/** The configuration that flags give, with no file and no environment. */
export function configOf(...argv: string[]): PlatformConfig {
  return loadConfig(platformSchema, { argv, env: {}, readFile: () => undefined }).values;
}
