import { RelaisError } from '@relais/kit';

const flagsMax = 64;
const flagBytesMax = 1024;

// Each form is closed: no comma (which hands a flag to another tool), and no path but a relative one below the source.
const allowed: readonly RegExp[] = [
  /^-D[A-Za-z_]\w*(\([\w, .]*\))?(=[^\p{Cc}]*)?$/u,
  /^-I[\w.][\w./-]*$/,
  /^-O([0123sgz]|fast)?$/,
  /^-std=[a-z0-9+:]+$/,
  /^-W[a-z][\w+=-]*$/,
  /^-f[a-z][\w+=-]*$/,
];

// What loads code, writes files, starts other tools, or changes the form of what we read back.
const refused =
  /^-f(no-)?(plugin|pass-plugin|profile|coverage|module|crash|use-ld|time-trace|integrated|syntax-only|save|dump|diagnostics|color|caret|show|message-length|macro-backtrace|absolute|ansi|gnu-runtime|thinlto|file-)/;

/**
 * Checks a user's compiler flags: at most 64, only -D -I -O -std -W -f, nothing that reaches outside the source. Throws
 * invalid_argument reason invalid_cflags, naming the flag.
 */
export function checkCflags(flags: readonly string[]): void {
  if (flags.length > flagsMax) throw refusal(`There are more than ${flagsMax} compiler flags.`);
  for (const flag of flags) {
    if (isAllowed(flag)) continue;
    const shown = JSON.stringify(flag.slice(0, 80));
    throw refusal(
      `The compiler flag ${shown} is not allowed; only -D, -I, -O, -std, -W and -f are, without paths outside.`,
    );
  }
}

function isAllowed(flag: string): boolean {
  if (flag.length > flagBytesMax || refused.test(flag)) return false;
  if (flag.startsWith('-I') && flag.split('/').some((part) => part === '..' || part === '-I..')) return false;
  return allowed.some((form) => form.test(flag));
}

function refusal(message: string): RelaisError {
  return new RelaisError('invalid_argument', message, { reason: 'invalid_cflags' });
}
