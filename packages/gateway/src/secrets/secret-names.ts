const nameForm = /^[A-Za-z_][A-Za-z0-9_]{0,63}$/;
const secretsMax = 32;

/** Whether a text may name a secret, and so an environment variable. */
export function isSecretName(name: string): boolean {
  return nameForm.test(name) && !/^RELAIS_/i.test(name);
}

/** Adds what is wrong with the secrets a function names to the mistakes. */
export function checkSecretNames(
  { env, secrets }: { readonly env: Readonly<Record<string, string>>; readonly secrets: readonly string[] },
  mistakes: string[],
): void {
  if (secrets.length > secretsMax) mistakes.push(`secrets may name at most ${secretsMax}, not ${secrets.length}`);
  for (const name of secrets) {
    const shown = JSON.stringify(name.slice(0, 80));
    if (!isSecretName(name)) mistakes.push(`secrets: ${shown} cannot be the name of one`);
    if (Object.hasOwn(env, name)) mistakes.push(`${shown} is both in env and in secrets`);
  }
}
