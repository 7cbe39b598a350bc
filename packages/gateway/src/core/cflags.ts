const flagsMax = 64;
const flagLengthMax = 256;
const allowed = /^-(?:D[A-Za-z_]|I.|O(?:[0-3sgz]|fast)?$|std=|W[a-z#0-9]|f[a-z])/;
// They load code into the compiler, write files beside the output, or hand options through to other tools.
const refused =
  /^-f(?:pass-)?plugin|^-fprofile|^-fcoverage|^-fmodule|^-fcrash|^-fdebug-compilation|^-W[alp],|^-fsave|^-fdump/;

/** Adds what is wrong with C and C++ compiler flags to the mistakes; only -D -I -O -std -W -f are taken. */
export function checkCflags(flags: readonly string[], lang: string, mistakes: string[]): void {
  if (flags.length === 0) return;
  if (lang !== 'c' && lang !== 'cpp') {
    mistakes.push(`cflags are for c and cpp only, not ${lang}`);
    return;
  }
  if (flags.length > flagsMax) mistakes.push(`cflags may have at most ${flagsMax} flags, not ${flags.length}`);
  for (const flag of flags.slice(0, flagsMax)) {
    if (!isAllowed(flag))
      mistakes.push(`cflags may not have ${JSON.stringify(flag.slice(0, 80))} (only -D -I -O -std -W -f)`);
  }
}

function isAllowed(flag: string): boolean {
  if (flag.length > flagLengthMax || !allowed.test(flag) || refused.test(flag)) return false;
  return !flag.startsWith('-I') || isInside(flag.slice(2));
}

function isInside(path: string): boolean {
  return !path.startsWith('/') && !path.startsWith('=') && !path.split(/[\\/]/).includes('..');
}
