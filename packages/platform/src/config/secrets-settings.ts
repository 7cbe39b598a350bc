import { homedir } from 'node:os';
import { join, relative, resolve, sep } from 'node:path';
import { parseSecretsKey } from '../secrets/secrets-key-file.js';
import type { PlatformConfig } from './schema.js';

/** Absolute path of the file with the key that secrets are sealed with. */
export function secretsKeyPath({ secretsKeyFile }: PlatformConfig): string {
  const folder = process.env.XDG_CONFIG_HOME || join(homedir(), '.config');
  return secretsKeyFile === '' ? join(folder, 'relais', 'secrets.key') : resolve(secretsKeyFile);
}

/** What is wrong with how secrets are configured. */
export function mistakesOfSecrets(config: PlatformConfig): string[] {
  const mistakes: string[] = [];
  const { data, secretsKey } = config;
  if (secretsKey !== '' && !parseSecretsKey(secretsKey)) {
    mistakes.push('--secrets-key must be 64 hexadecimal digits, or base64 of 32 bytes');
  }
  const way = relative(resolve(data), secretsKeyPath(config));
  if (way !== '..' && !way.startsWith(`..${sep}`)) {
    mistakes.push(
      '--secrets-key-file must not be inside --data: whoever gets a copy of the data would have the key to it',
    );
  }
  return mistakes;
}
