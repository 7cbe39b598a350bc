import type { Diagnostic } from '@relais/contracts';

const diagnosticsMax = 100;
const messageCharsMax = 1000;

const located = /^(.{1,300}?):(\d{1,7}):(\d{1,7}): (fatal error|error|warning|note): (.*)$/;
const unlocated = /^(?:(?:clang|wasm-ld): )?(error|warning): (.*)$/;

/**
 * Reads what clang and wasm-ld said, at most 100 messages. `compiledAs` is the name the source had inside the compiler and
 * `filename` the caller's, which takes its place. A message without a place gets the caller's file and line 0.
 */
export function parseClangOutput(text: string, compiledAs: string, filename: string): Diagnostic[] {
  const diagnostics: Diagnostic[] = [];
  for (const line of text.split('\n')) {
    const diagnostic = parseLine(line, compiledAs, filename);
    if (diagnostic) diagnostics.push(diagnostic);
    if (diagnostics.length >= diagnosticsMax) break;
  }
  return diagnostics;
}

function parseLine(line: string, compiledAs: string, filename: string): Diagnostic | undefined {
  const match = located.exec(line);
  if (match) {
    const [, path = '', row, column, severity = '', message = ''] = match;
    const file = path.replace(/^\.\//, '');
    return {
      file: file === compiledAs ? filename : file,
      line: Number(row),
      column: Number(column),
      severity: severity.replace('fatal ', ''),
      message: message.slice(0, messageCharsMax),
    };
  }
  const [, severity, said] = unlocated.exec(line) ?? [];
  if (severity === undefined || said === undefined) return undefined;
  return { file: filename, line: 0, column: 0, severity, message: withoutObject(said).slice(0, messageCharsMax) };
}

/** The object file's name is the compiler's own affair. */
function withoutObject(said: string): string {
  if (/^unable to open output file .*'I\/O error'$/.test(said)) return 'static arrays are larger than 256 MiB in all';
  return said.replace(/^\/tmp\/[^ :]+\.o: /, '');
}
