import { posix } from 'node:path';
import type { Diagnostic } from '@relais/contracts';

const diagnosticsMax = 100;
const messageCharsMax = 1000;

interface RustcSpan {
  readonly file_name: string;
  readonly line_start: number;
  readonly column_start: number;
  readonly is_primary: boolean;
  readonly label: string | null;
}

interface RustcMessage {
  readonly message: string;
  readonly level: string;
  readonly code: { readonly code: string } | null;
  readonly spans: readonly RustcSpan[];
  readonly children: readonly { readonly message: string }[];
}

const severities: Readonly<Record<string, string>> = {
  error: 'error',
  'error: internal compiler error': 'error',
  warning: 'warning',
};
// They only count or point to the others.
const summary = /^(aborting due to|\d+ warnings? emitted|Some errors have detailed|For more information)/;

/**
 * Reads what rustc said with --error-format=json, at most 100 messages. `directory` is where it ran; `filename` stands for
 * `entry`, and for places outside of the source, which are not named.
 */
export function parseRustcOutput(stderr: string, directory: string, entry: string, filename: string): Diagnostic[] {
  const diagnostics: Diagnostic[] = [];
  for (const line of stderr.split('\n')) {
    const said = parseMessage(line);
    const severity = severities[said?.level ?? ''];
    if (!said || severity === undefined || summary.test(said.message)) continue;
    diagnostics.push({ ...located(said, directory, entry, filename), severity });
    if (diagnostics.length >= diagnosticsMax) break;
  }
  return diagnostics;
}

// A line that was cut or is not rustc's own is none.
function parseMessage(line: string): RustcMessage | undefined {
  if (!line.startsWith('{')) return undefined;
  try {
    return JSON.parse(line) as RustcMessage;
  } catch {
    return undefined;
  }
}

function located(said: RustcMessage, directory: string, entry: string, filename: string): Omit<Diagnostic, 'severity'> {
  const span = said.spans.find(({ is_primary }) => is_primary);
  if (!span) return { file: filename, line: 0, column: 0, message: textOf(said, directory) };
  const file = posix.relative(directory, posix.resolve(directory, span.file_name));
  // The message might quote what stands there.
  if (file.startsWith('..'))
    return { file: filename, line: 0, column: 0, message: 'a file outside of the source is wrong' };
  const place = { file: file === entry ? filename : file, line: span.line_start, column: span.column_start };
  return { ...place, message: textOf(said, directory) };
}

function textOf({ message, code, spans, children }: RustcMessage, directory: string): string {
  const label = spans.find(({ is_primary }) => is_primary)?.label;
  const linker = children.flatMap((child) => linkerErrors(child.message)).join('; ');
  const parts = [message, label ? `: ${label}` : '', linker && `: ${linker}`, code ? ` [${code.code}]` : ''];
  return parts.join('').replaceAll(`${directory}/`, '').slice(0, messageCharsMax);
}

// A symbol can look like any line, so each part is read once.
const linkerError = /^[\w.-]{0,40}ld[\w.-]{0,40}: error: (.*)$/gm;
const objectFile = /^\S+\.(?:o|rlib)(?:\([^()]*\))?$/;

/** What the linker said, without the command line and the paths that rustc puts around it. */
function linkerErrors(note: string): string[] {
  return [...note.matchAll(linkerError)].map(([, said = '']) => {
    const end = said.indexOf(': ');
    return end !== -1 && objectFile.test(said.slice(0, end)) ? said.slice(end + 2) : said;
  });
}
