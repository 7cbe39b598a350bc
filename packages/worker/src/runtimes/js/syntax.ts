import { join } from 'node:path';
import { type BuildWork, type Diagnostic, Form } from '@relais/contracts';
import type { Clock } from '@relais/kit';
import { compileError } from '../../processes/failures.js';
import { type GuestSource, provideSource } from '../../processes/guest-source.js';
import type { ProcessLauncher } from '../../processes/process-launcher.js';
import { runTool, type ToolResult } from '../../processes/run-tool.js';

const checkPath = join(import.meta.dirname, 'check.mjs');
const nodeArgs = ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning'];
const outputBytesMax = 256 * 1024;

interface Verdict {
  readonly handler?: boolean;
  /** In which file the error is. */
  readonly file?: string;
  /** Where in it, when node does not print that. */
  readonly line?: number;
  readonly column?: number;
  readonly message?: string;
}

/**
 * Parses a source, of several files all that are not installed packages, in a process of its own without running it: its
 * form, or a rejection with compile_error and a diagnostic with file, line and column. Rejects like provideSource too.
 */
export async function checkSyntax(
  launcher: ProcessLauncher,
  clock: Clock,
  lang: string,
  work: BuildWork,
  budgetMs: number,
  signal?: AbortSignal,
): Promise<Form> {
  const endMs = clock.nowMs() + budgetMs;
  const options = { lang, entry: work.config?.entry ?? '' };
  const source = await provideSource(launcher, work.source, work.filename, options);
  try {
    const { filename, directory, content } = source;
    const result = await runTool(launcher, clock, {
      command: process.execPath,
      args: [...nodeArgs, checkPath, filename, ...(directory ? [directory] : [])],
      input: content,
      budgetMs: Math.max(1, endMs - clock.nowMs()),
      outputBytesMax,
      signal,
    });
    return formOf(result, source);
  } finally {
    await source.remove();
  }
}

function formOf(result: ToolResult, { filename }: GuestSource): Form {
  const verdict = parseVerdict(result.stdout);
  const { file = filename, line = 0, column = 0, message } = verdict;
  if (message !== undefined) throw compileError([{ file, line, column, severity: 'error', message }]);
  if (result.exit.exitCode !== 0 || result.exit.signal !== '') throw compileError([diagnosticOf(result, file)]);
  return verdict.handler ? Form.FORM_HANDLER : Form.FORM_PROGRAM;
}

// The parser itself may crash on a hostile source, and then says nothing.
function parseVerdict(stdout: string): Verdict {
  try {
    return JSON.parse(stdout) as Verdict;
  } catch {
    return {};
  }
}

/** Node prints "FILE:LINE", the line, a caret below the column, and after a blank line the error. */
export function diagnosticOf(result: ToolResult, filename: string): Diagnostic {
  const lines = result.stderr.split('\n');
  const message = lines.find((line) => /^(Syntax|Range|Type)Error\b/.test(line));
  const at = lines.findIndex((line) => line.startsWith(`${filename}:`));
  const line = Number.parseInt(lines[at]?.slice(filename.length + 1) ?? '', 10) || 0;
  const caret = at === -1 ? -1 : (lines[at + 2]?.indexOf('^') ?? -1);
  return {
    file: filename,
    line,
    column: line > 0 ? caret + 1 : 0,
    severity: 'error',
    message: message ?? 'The source cannot be parsed as JavaScript.',
  };
}
