import { posix } from 'node:path';
import type { Diagnostic } from '@relais/contracts';

const diagnosticsMax = 100;
const messageCharsMax = 1000;

const located = /^(?:\.\/)?([^\s:][^:]{0,300}):(\d{1,7})(?::(\d{1,7}))?: (.*)$/;
// Names the package whose errors follow, or counts.
const heading = /^(# |go: finding|too many errors)/;

/** Which file name stands for which. */
export interface GoNames {
  /** Where the compiler ran, as an absolute path. */
  readonly directory: string;
  /** The standard library's directory. */
  readonly root: string;
  /** The entry's name in the build, and the caller's name for it. */
  readonly entry: string;
  readonly filename: string;
}

/** Reads what `go build` said on standard error, at most 100 messages, all of them errors; indented lines go on. */
export function parseGoOutput(stderr: string, names: GoNames): Diagnostic[] {
  const diagnostics: Diagnostic[] = [];
  for (const line of withoutPaths(stderr, names).split('\n')) {
    const last = diagnostics.at(-1);
    if (/^\s+\S/.test(line) && last) last.message = cut(`${last.message} ${line.trim()}`);
    else if (line.trim() !== '' && !heading.test(line)) diagnostics.push(parseLine(line, names));
    if (diagnostics.length >= diagnosticsMax) break;
  }
  return diagnostics;
}

function withoutPaths(text: string, { directory, root }: GoNames): string {
  return text.replaceAll(`${directory}/`, '').replaceAll(directory, '.').replaceAll(`${root}/`, 'GOROOT/');
}

function parseLine(line: string, { entry, filename }: GoNames): Diagnostic {
  const match = located.exec(line);
  if (!match) return { file: filename, line: 0, column: 0, severity: 'error', message: cut(line) };
  const [, path = '', row, column, message = ''] = match;
  const file = posix.normalize(path);
  return {
    file: file === entry ? filename : file,
    line: Number(row),
    column: Number(column ?? 0),
    severity: 'error',
    message: cut(message),
  };
}

function cut(message: string): string {
  return message.slice(0, messageCharsMax);
}
