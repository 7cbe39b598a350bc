/** Names and values of a function's environment together, UTF-8 bytes. */
export const envBytesMax = 4_096;

const nameForm = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** Adds what is wrong with environment variables to the mistakes: names, size, the names Relais sets itself. */
export function checkEnv(env: Readonly<Record<string, string>>, mistakes: string[]): void {
  let bytes = 0;
  for (const [name, value] of Object.entries(env)) {
    bytes += Buffer.byteLength(name) + Buffer.byteLength(value);
    const shown = JSON.stringify(name.slice(0, 80));
    if (!nameForm.test(name)) mistakes.push(`env ${shown} is not a variable name`);
    else if (name.startsWith('RELAIS_')) mistakes.push(`env ${shown} is set by Relais itself`);
    if (value.includes('\0')) mistakes.push(`env ${shown} may not contain a zero byte`);
  }
  if (bytes > envBytesMax) mistakes.push(`env may have at most ${envBytesMax} bytes in all, not ${bytes}`);
}
