import { basename, join } from 'node:path';
import { type BuildWork, type Diagnostic, Form } from '@relais/contracts';
import type { Clock } from '@relais/kit';
import { compileError } from '../../processes/failures.js';
import type { ProcessLauncher } from '../../processes/process-launcher.js';
import { runTool, type ToolResult } from '../../processes/run-tool.js';

const checkPath = join(import.meta.dirname, 'check.mjs');
const outputBytesMax = 256 * 1024;

/**
 * Parses a source in a process of its own, without running it: its form, or a rejection with compile_error and a
 * diagnostic with file, line and column.
 */
export async function checkSyntax(
  launcher: ProcessLauncher,
  clock: Clock,
  work: BuildWork,
  budgetMs: number,
): Promise<Form> {
  const filename = basename(work.filename);
  const result = await runTool(launcher, clock, {
    command: process.execPath,
    args: ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning', checkPath, filename],
    input: work.source,
    budgetMs,
    outputBytesMax,
  });
  if (result.exit.exitCode !== 0 || result.exit.signal !== '') throw compileError([diagnosticOf(result, filename)]);
  return JSON.parse(result.stdout).handler === true ? Form.FORM_HANDLER : Form.FORM_PROGRAM;
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
